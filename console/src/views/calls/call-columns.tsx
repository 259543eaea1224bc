import type { RecentCall } from "@steer-gateway/stubs/steer/admin/v1/activity_service_pb.js";
import { ErrorCategory } from "@steer-gateway/stubs/steer/v1/error_pb.js";
import { FinishReason } from "@steer-gateway/stubs/steer/v1/generation_pb.js";
import { Badge } from "../../parts/badge.tsx";
import { CopyButton } from "../../parts/copy-button.tsx";
import { formatCount, formatMs, toMs, toTime, UNKNOWN } from "../../parts/formats.ts";
import { roughMoney } from "../../parts/money.ts";
import { MoneyText } from "../../parts/money-text.tsx";
import type { Column } from "../../parts/table.tsx";
import { When } from "../../parts/when.tsx";
import { wordsOf } from "../../parts/words.ts";
import { hrefOf } from "../../router.ts";

function Outcome({ call }: { call: RecentCall }) {
  const { cancelled, errorCategory, errorReason, finishReason } = call;
  if (cancelled) return <Badge kind="quiet">cancelled</Badge>;
  if (errorCategory === ErrorCategory.UNSPECIFIED) {
    const finish =
      finishReason === FinishReason.UNSPECIFIED ? "" : wordsOf(FinishReason[finishReason]);
    return (
      <>
        <Badge kind="good">ok</Badge> <span class="quiet">{finish}</span>
      </>
    );
  }
  const category = wordsOf(ErrorCategory[errorCategory]);
  return (
    <span title={errorReason}>
      <Badge kind="bad">{category}</Badge>{" "}
      {wordsOf(errorReason) !== category && <span class="quiet">{wordsOf(errorReason)}</span>}
    </span>
  );
}

/** `Generate` of `steer.v1.GenerationService/Generate`; the whole name of a vendor's method. */
function shortMethod(method: string): string {
  if (method === "") return UNKNOWN;
  return /Service\/(\w+)$/.exec(method)?.[1] ?? method;
}

/** A name that can be long: whole in the title. */
function Name({ text }: { text: string }) {
  return (
    <span class="name" title={text}>
      {text === "" ? UNKNOWN : text}
    </span>
  );
}

/** The model as it was asked for, and what of the target that answered is not in its name. The method of a call without a model. */
function Model({ call: { requestedModel, provider, model, method } }: { call: RecentCall }) {
  if (requestedModel === "") return <span class="quiet">{shortMethod(method)}</span>;
  const target = provider === "" ? requestedModel : `${provider}/${model}`;
  const shown = model === requestedModel ? provider : target;
  return (
    <span class="name" title={`${requestedModel} → ${target}`}>
      {requestedModel}
      {target !== requestedModel && <span class="quiet"> → {shown}</span>}
    </span>
  );
}

function Identifier({ text, what }: { text: string; what: string }) {
  if (text === "") return null;
  return (
    <span class="identifier" title={text}>
      <code>{text.slice(0, 8)}…</code>
      <CopyButton text={text} what={what} />
    </span>
  );
}

const count = (value: bigint): string => (value === 0n ? UNKNOWN : formatCount(value));

export const CALL_COLUMNS: readonly Column<RecentCall>[] = [
  {
    title: "Ended",
    sortBy: ({ endTime }) => toTime(endTime),
    cell: ({ endTime }) => <When at={endTime} />,
  },
  {
    title: "Outcome",
    cell: (call) => <Outcome call={call} />,
  },
  {
    title: "Caller",
    sortBy: ({ caller }) => caller,
    cell: ({ caller }) => <Name text={caller} />,
  },
  {
    title: "Model or method",
    sortBy: ({ requestedModel }) => requestedModel,
    cell: (call) => <Model call={call} />,
  },
  {
    title: "Attempts",
    isNumber: true,
    sortBy: ({ attempts }) => attempts,
    cell: ({ attempts }) => (attempts === 0 ? UNKNOWN : formatCount(attempts)),
  },
  {
    title: "Duration",
    isNumber: true,
    sortBy: ({ duration }) => toMs(duration),
    cell: ({ duration }) => formatMs(toMs(duration)),
  },
  {
    title: "First token",
    isNumber: true,
    sortBy: ({ timeToFirstToken }) => toMs(timeToFirstToken),
    cell: ({ timeToFirstToken }) => formatMs(toMs(timeToFirstToken)),
  },
  {
    title: "Tokens in",
    isNumber: true,
    sortBy: ({ inputTokens }) => inputTokens,
    cell: ({ inputTokens }) => count(inputTokens),
  },
  {
    title: "Out",
    hint: "generated tokens",
    isNumber: true,
    sortBy: ({ outputTokens }) => outputTokens,
    cell: ({ outputTokens }) => count(outputTokens),
  },
  {
    title: "Cost",
    isNumber: true,
    sortBy: ({ cost }) => cost && roughMoney(cost),
    cell: ({ cost }) => <MoneyText amounts={cost === undefined ? [] : [cost]} />,
  },
  {
    title: "Generation",
    cell: ({ generationId }) => (
      <Identifier text={generationId} what="the generation's identifier" />
    ),
  },
  {
    title: "Trace",
    cell: ({ traceId }) => <Identifier text={traceId} what="the trace's identifier" />,
  },
  {
    title: "Stream",
    cell: ({ streamId }) =>
      streamId === "" ? null : (
        <a href={hrefOf("streams", streamId)} title={streamId}>
          open<span class="visually-hidden"> the stream {streamId}</span>
        </a>
      ),
  },
  {
    title: "Method",
    sortBy: ({ method }) => method,
    cell: ({ method, system }) => (
      <span title={method}>
        {shortMethod(method)} <span class="quiet">{system}</span>
      </span>
    ),
  },
  {
    title: "x-request-id",
    cell: ({ xRequestId }) => <Name text={xRequestId} />,
  },
  {
    title: "Replica",
    sortBy: ({ replica }) => replica,
    cell: ({ replica }) => <Name text={replica} />,
  },
];
