import type { StreamState } from "@steer-gateway/stubs/steer/admin/v1/admin_service_pb.js";
import { UsageSource } from "@steer-gateway/stubs/steer/v1/usage_pb.js";
import { Fact } from "../../parts/fact.tsx";
import { formatBytes, formatCount, formatMs, toTime, UNKNOWN } from "../../parts/formats.ts";
import { sumMoney } from "../../parts/money.ts";
import { MoneyText } from "../../parts/money-text.tsx";
import { toAmount } from "../../parts/to-amount.ts";
import { When } from "../../parts/when.tsx";
import { wordOf } from "../../parts/word-of.ts";

function durationText({ createTime, endTime }: StreamState): string {
  const from = toTime(createTime);
  const to = toTime(endTime);
  return from === undefined || to === undefined ? UNKNOWN : formatMs(to - from);
}

function tokensText({ usage }: StreamState): string {
  if (usage === undefined) return UNKNOWN;
  const { inputTokens, outputTokens, source } = usage;
  const counts = `${formatCount(inputTokens)} in, ${formatCount(outputTokens)} out`;
  return source === UsageSource.UNSPECIFIED ? counts : `${counts} (${wordOf(UsageSource, source)})`;
}

function Times({ stream }: { stream: StreamState }) {
  return (
    <dl class="figures card">
      <Fact label="Accepted">
        <When at={stream.createTime} absolute />
      </Fact>
      <Fact label="Last event">
        <When at={stream.updateTime} absolute />
      </Fact>
      <Fact label="Ended">
        <When at={stream.endTime} absolute />
      </Fact>
      <Fact label="Duration">{durationText(stream)}</Fact>
      <Fact label="Deleted">
        <When at={stream.expireTime} />
      </Fact>
      <Fact label="Owner">
        <span class="mono">{stream.owner || UNKNOWN}</span>
      </Fact>
      <Fact label="Epoch">{stream.ownerEpoch}</Fact>
      <Fact label="Readers">{stream.subscriberCount}</Fact>
    </dl>
  );
}

/** What is known of a stream, without its content. */
export function StreamFacts({ stream }: { stream: StreamState }) {
  const cost = sumMoney(stream.attempts.flatMap((attempt) => toAmount(attempt.cost)));
  const labels = Object.entries(stream.labels);
  return (
    <div class="facts">
      <Times stream={stream} />
      <dl class="figures card">
        <Fact label="Caller">{stream.caller || UNKNOWN}</Fact>
        <Fact label="Model">{stream.requestedModel}</Fact>
        <Fact label="Target">
          {stream.target === undefined
            ? UNKNOWN
            : `${stream.target.provider}/${stream.target.model}`}
        </Fact>
        <Fact label="Events">
          {formatCount(stream.lastSequence)}
          {stream.firstSequence > 1 && ` (from ${formatCount(stream.firstSequence)})`}
        </Fact>
        <Fact label="Stored">{formatBytes(stream.storedBytes)}</Fact>
        <Fact label="Tokens">{tokensText(stream)}</Fact>
        <Fact label="Cost">
          <MoneyText amounts={cost} />
        </Fact>
        <Fact label="Generation">
          <span class="mono">{stream.generationId}</span>
        </Fact>
        <Fact label="Request">
          <span class="mono">{stream.requestId || UNKNOWN}</span>
        </Fact>
        {labels.map(([name, value]) => (
          <Fact key={name} label={`Label ${name}`}>
            {value}
          </Fact>
        ))}
      </dl>
    </div>
  );
}
