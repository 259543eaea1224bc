import { durationMs } from "@bufbuild/protobuf/wkt";
import type { ComponentChildren } from "preact";
import { hrefOf } from "../../router.ts";
import type { PlaygroundRun } from "./playground-run.ts";

const PICOS = 1e12;

function Figure({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** Cursor, times, tokens and cost of a run. */
export function RunFigures({ run }: { run: PlaygroundRun }) {
  const { received } = run;
  const { generation } = received;
  const usage = generation?.totalUsage;
  const cost = generation?.cost;
  const total = generation?.timing?.total;
  return (
    <dl class="figures">
      <Figure label="Cursor">
        <output class="mono" aria-label="Cursor">
          {received.sequence}
        </output>{" "}
        <span class="quiet mono">writer {received.writer.toString(16)}</span>
      </Figure>
      <Figure label="First output">
        {received.firstOutputMs === undefined ? "–" : `${Math.round(received.firstOutputMs)} ms`}
      </Figure>
      <Figure label="Total">{total === undefined ? "–" : `${durationMs(total)} ms`}</Figure>
      <Figure label="Tokens">
        {usage === undefined ? "–" : `${usage.inputTokens} in, ${usage.outputTokens} out`}
      </Figure>
      <Figure label="Cost">
        {cost === undefined
          ? "–"
          : `${cost.currencyCode} ${(Number(cost.totalPicos) / PICOS).toPrecision(3)}`}
      </Figure>
      <Figure label="Attempts">{generation?.attempts.length ?? "–"}</Figure>
      {received.streamId !== "" && (
        <Figure label="Stream">
          <a class="mono" href={hrefOf("streams", received.streamId)}>
            {received.streamId}
          </a>
        </Figure>
      )}
    </dl>
  );
}
