import { Badge, type BadgeKind } from "../../parts/badge.tsx";
import { Notice } from "../../parts/notice.tsx";
import { CopiedCall } from "./copied-call.tsx";
import { GRACE } from "./draft.ts";
import { EventList } from "./event-list.tsx";
import { JsonTree } from "./json-tree.tsx";
import type { PlaygroundRun, RunState } from "./playground-run.ts";
import type { ReceivedPart } from "./received-stream.ts";
import { RunFigures } from "./run-figures.tsx";

const KINDS: Readonly<Record<RunState, BadgeKind>> = {
  running: "busy",
  dropped: "warning",
  complete: "good",
  failed: "bad",
};

function stateWord({ state, received }: PlaygroundRun): string {
  if (received.isCancelled) return "cancelled";
  return state === "dropped" ? "connection dropped" : state;
}

function Buttons({ run }: { run: PlaygroundRun }) {
  const isOpen = run.state === "running" || run.state === "dropped";
  return (
    <div class="row">
      <button type="button" disabled={run.state !== "running"} onClick={() => run.drop()}>
        Drop the connection
      </button>
      <button type="button" disabled={run.state !== "dropped"} onClick={() => void run.resume()}>
        Resume
      </button>
      <button type="button" class="danger" disabled={!isOpen} onClick={() => void run.cancel()}>
        Cancel
      </button>
    </div>
  );
}

function OutputPart({ part }: { part: ReceivedPart }) {
  if (part.type === "text") return <pre class="output">{part.text}</pre>;
  const title = part.type === "reasoning" ? "Reasoning" : `${part.type} ${part.name}`;
  return (
    <figure class={`output-part ${part.type === "reasoning" ? "reasoning" : "tool"}`}>
      <figcaption>{title}</figcaption>
      <pre class="output">{part.text}</pre>
    </figure>
  );
}

function ResumeReport({ run }: { run: PlaygroundRun }) {
  const { received, resumedAt, state } = run;
  if (state === "dropped") {
    return (
      <Notice kind="warning">
        Nobody reads this stream now. The service keeps it: Resume reads on after event{" "}
        {received.sequence}. Without a reader the generation is cancelled after {GRACE}.
      </Notice>
    );
  }
  if (resumedAt.length === 0) return null;
  const whole = received.isWhole === true ? " The text is the same as the stored result." : "";
  return (
    <Notice kind={received.repeated + received.missing === 0 ? "done" : "error"}>
      Resumed after event {resumedAt.join(", ")}: {received.repeated} events came twice,{" "}
      {received.missing} are missing.{whole}
    </Notice>
  );
}

/** One run: its output, its events and what can be done with it. */
export function RunCard({ run }: { run: PlaygroundRun }) {
  const { received, failure } = run;
  const parts = [...received.parts].toSorted(([a], [b]) => a - b);
  const kind = received.isCancelled ? "quiet" : KINDS[run.state];
  const isWrong =
    received.isWhole === false && received.documents.length === 0 && received.errorText === "";
  return (
    <section class="card run" aria-label={`Answer of ${run.model}`}>
      <div class="row">
        <h2 class="mono">{run.model}</h2>
        <Badge kind={kind}>{stateWord(run)}</Badge>
      </div>
      <Buttons run={run} />
      <ResumeReport run={run} />
      {isWrong && <Notice kind="error">The text differs from the stored result.</Notice>}
      {failure !== undefined && !received.isCancelled && (
        <Notice kind="error" advice={failure.advice}>
          {failure.text}
        </Notice>
      )}
      <div class="run-body">
        <div class="run-output" aria-live="off">
          {parts.map(([index, part]) => (
            <OutputPart key={index} part={part} />
          ))}
          {parts.length === 0 && run.state === "running" && (
            <Notice kind="busy">Waiting for the first output…</Notice>
          )}
          {received.isClipped && (
            <Notice kind="warning">
              The page keeps a part of this output. <code>steer stream</code> prints all of it.
            </Notice>
          )}
          {received.documents.length > 0 && <JsonTree documents={received.documents} />}
        </div>
        <EventList
          events={received.events}
          count={received.eventCount}
          label={`Events of ${run.model}`}
        />
      </div>
      <RunFigures run={run} />
      <CopiedCall request={run.request} />
    </section>
  );
}
