import { type ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AttemptOutcome, GatewayErrorSchema } from "../../gen/es/steer/v1/error_pb.js";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import type { Mode } from "../support/targets.ts";
import { ANSWER, type Reply } from "./chat-upstream.ts";
import { failures, report } from "./figures.ts";
import { type Outcome, type Pair, pairOf, type Scene, startScene } from "./scene.ts";

/** `timeouts.first_token_failover` as shipped. */
const FIRST_TOKEN_S = 10;
/** The limit of a whole answer as shipped. */
const WHOLE_S = 60;
const SLACK_S = 15;
/** DEADLINE_EXCEEDED, as google.rpc.Code numbers it. */
const DEADLINE_EXCEEDED = 4;

/** One call. Its targets are its own, so that none disturbs another. */
interface Cell {
  readonly name: string;
  readonly mode: Mode;
  /** Unset: no deadline. */
  readonly deadlineS: number | undefined;
  readonly pair: Pair;
}

const MANNERS: readonly (readonly [string, Reply])[] = [
  ["without a byte", { kind: "silence" }],
  ["with pings alone", { kind: "silence", pings: true }],
];

function cellsOf(group: string, deadlines: readonly (number | undefined)[]): readonly Cell[] {
  return (["unary", "stream"] as const).flatMap((mode) =>
    MANNERS.flatMap(([manner, reply], at) =>
      deadlines.map((deadlineS) => {
        const id = `${group}-${mode}-${at}-${deadlineS}`;
        const pair = pairOf(
          id,
          () => reply,
          () => ANSWER,
        );
        const deadline = deadlineS === undefined ? "no deadline" : `deadline ${deadlineS} s`;
        return { name: `${mode}, ${manner}, ${deadline}`, mode, deadlineS, pair };
      }),
    ),
  );
}

const CELLS = cellsOf("both", [4, 8, 30, undefined]);
/** Calls that name no fallback. */
const ALONE = cellsOf("alone", [4, 8]);

let scene: Scene;
const outcomes: Outcome[] = [];

beforeAll(async () => {
  scene = await startScene([...CELLS, ...ALONE].flatMap(({ pair }) => pair.instances));
});

afterAll(async () => {
  await scene[Symbol.asyncDispose]();
});

/**
 * How a call without a fallback ends. Only the gateway knows the deadline: a client with a timer of
 * its own could end the call first on a busy machine.
 */
async function endAlone({ mode, deadlineS, pair }: Cell): Promise<ConnectError> {
  const transport = createConnectTransport({ baseUrl: scene.service.http, httpVersion: "1.1" });
  const client = createClient(GenerationService, transport);
  const headers = { "connect-timeout-ms": `${Number(deadlineS) * 1_000}` };
  const request = { spec: { model: String(pair.spec.model), prompt: "alone" } };
  try {
    if (mode === "unary") await client.generate(request, { headers });
    else for await (const _ of client.streamGenerate(request, { headers }));
  } catch (error) {
    return error as ConnectError;
  }
  throw new Error("the call was served");
}

/** When the other target is asked, in seconds after the silent one was: at least and at most. */
function rescueOf({ mode, deadlineS }: Cell): readonly [number, number] {
  if (deadlineS === undefined) {
    // A whole answer can take a minute; one that is streamed upstream has the stream's limit.
    return [FIRST_TOKEN_S, (mode === "unary" ? WHOLE_S : FIRST_TOKEN_S) + SLACK_S];
  }
  const half = deadlineS / 2;
  // The deadline keeps a margin for its own error.
  if (half < FIRST_TOKEN_S) return [half * 0.8, half * 1.5];
  return [FIRST_TOKEN_S, mode === "unary" ? half + SLACK_S / 3 : half];
}

describe.concurrent("a silent primary", { timeout: (WHOLE_S + 2 * SLACK_S) * 1_000 }, () => {
  it.for(CELLS)("field:E9 field:E10 is left for the fallback: $name", async (cell) => {
    const { mode, deadlineS, pair } = cell;
    const deadline = deadlineS === undefined ? {} : { timeoutMs: deadlineS * 1_000 };
    const outcome = await scene.call(mode, { spec: pair.spec, ...deadline });
    outcomes.push(outcome);
    expect(failures([outcome])).toEqual({});
    expect(outcome.generation?.provider).toBe(pair.q);
    const silentAt = scene.upstream.arrivals(pair.p)[0]?.at ?? 0;
    const askedAt = scene.upstream.arrivals(pair.q)[0]?.at ?? 0;
    const [least, most] = rescueOf(cell);
    // The limit begins before the request has arrived.
    expect(askedAt - silentAt).toBeGreaterThan(least * 1_000 - 500);
    expect(askedAt - silentAt).toBeLessThan(most * 1_000);
  });

  it.for(ALONE)("field:E11 alone ends a call typed, with its attempts: $name", async (cell) => {
    const error = await endAlone(cell);
    const [typed] = error.findDetails(GatewayErrorSchema);
    expect([error.code, typed?.code]).toEqual([DEADLINE_EXCEEDED, DEADLINE_EXCEEDED]);
    // A stream's call ends, and its generation goes on.
    const outcome = cell.mode === "stream" ? AttemptOutcome.RUNNING : AttemptOutcome.FAILED;
    const attempts = [{ provider: cell.pair.p, outcome }];
    expect(typed?.attempts).toMatchObject(attempts);
  });
});

describe("all of them together", () => {
  it("ask a silent target once", (context) => {
    const served = CELLS.flatMap(({ pair }) => [pair.p, pair.q]);
    const requests = served.flatMap((id) => scene.upstream.arrivals(id));
    report(context, "silence", outcomes, requests.length);
    const twice = [...CELLS, ...ALONE].filter(
      ({ pair }) => scene.upstream.arrivals(pair.p).length !== 1,
    );
    expect(twice.map(({ name }) => name)).toEqual([]);
  });
});
