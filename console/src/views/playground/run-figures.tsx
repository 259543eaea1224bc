import { Fact } from "../../parts/fact.tsx";
import { formatCount, formatMs, toMs, UNKNOWN } from "../../parts/formats.ts";
import { MoneyText } from "../../parts/money-text.tsx";
import { toAmount } from "../../parts/to-amount.ts";
import { hrefOf } from "../../router.ts";
import type { PlaygroundRun } from "./playground-run.ts";

/** Cursor, times, tokens and cost of a run. */
export function RunFigures({ run }: { run: PlaygroundRun }) {
  const { received } = run;
  const { generation } = received;
  const usage = generation?.totalUsage;
  return (
    <dl class="figures">
      <Fact label="Cursor">
        <output class="mono" aria-label="Cursor">
          {received.sequence}
        </output>{" "}
        <span class="quiet mono">writer {received.writer.toString(16)}</span>
      </Fact>
      <Fact label="First output">{formatMs(received.firstOutputMs)}</Fact>
      <Fact label="Total">{formatMs(toMs(generation?.timing?.total))}</Fact>
      <Fact label="Tokens">
        {usage === undefined
          ? UNKNOWN
          : `${formatCount(usage.inputTokens)} in, ${formatCount(usage.outputTokens)} out`}
      </Fact>
      <Fact label="Cost">
        <MoneyText amounts={toAmount(generation?.cost)} />
      </Fact>
      <Fact label="Attempts">{generation?.attempts.length ?? UNKNOWN}</Fact>
      {received.streamId !== "" && (
        <Fact label="Stream">
          <a class="mono" href={hrefOf("streams", received.streamId)}>
            {received.streamId}
          </a>
        </Fact>
      )}
    </dl>
  );
}
