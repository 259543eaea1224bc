import { describe, expect, it } from "vitest";
import { MidStreamRecovery } from "../../gen/es/steer/v1/generation_pb.js";
import { type Mode, readText } from "../support/targets.ts";
import { type Reply, textOf } from "./chat-upstream.ts";
import { failures, mostForOneCall, report, unexplainedSkips } from "./figures.ts";
import { pairOf, startScene, withRecovery } from "./scene.ts";

const { RESTART, UNSPECIFIED } = MidStreamRecovery;
/** Attempts of one call over all targets, as shipped. */
const TOTAL_ATTEMPTS = 4;

interface Kind {
  readonly name: string;
  readonly mode: Mode;
  /** What P does to each request. */
  readonly reply: Reply;
  readonly recovery: MidStreamRecovery;
}

const UNAVAILABLE: Reply = { kind: "status", status: 503, afterMs: 200 };
const CUT: Reply = { kind: "cut", tokens: 5, by: "reset", afterMs: 200 };
const KINDS: readonly Kind[] = [
  { name: "unary", mode: "unary", reply: UNAVAILABLE, recovery: UNSPECIFIED },
  { name: "stream", mode: "stream", reply: UNAVAILABLE, recovery: UNSPECIFIED },
  { name: "stream cut midway", mode: "stream", reply: CUT, recovery: RESTART },
];

describe.each(KINDS)("a herd meets a primary that fails: $name", (kind) => {
  it.for([36, 100, 200])("field:E1 all of %i calls at once are served", async (count, context) => {
    const { name, mode, reply, recovery } = kind;
    const pair = pairOf(
      "herd",
      () => reply,
      () => ({ kind: "answer", afterMs: 300 }),
    );
    await using scene = await startScene(pair.instances);
    const { upstream } = scene;
    const spec = withRecovery(pair, recovery);
    const calls = Array.from({ length: count }, () =>
      scene.call(mode, { spec, acceptsDiscard: recovery === RESTART }),
    );
    const outcomes = await Promise.all(calls);
    report(context, `herd of ${count}, ${name}`, outcomes, upstream.arrivals().length);
    expect(failures(outcomes)).toEqual({});
    expect(unexplainedSkips(outcomes)).toEqual([]);
    // Each caller reads one whole answer of Q, with nothing of P in it.
    const read = outcomes.map(({ generation, events }) =>
      mode === "unary" ? generation?.outputText : readText(events),
    );
    const sent = upstream.arrivals(pair.q).map((arrival) => textOf(arrival));
    expect(read.sort()).toEqual(sent.sort());
    expect(mostForOneCall(upstream.arrivals())).toBeLessThanOrEqual(TOTAL_ATTEMPTS);
  });
});
