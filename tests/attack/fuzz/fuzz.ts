// Calls of all methods over all protocols, whole and broken, to a real gateway: none may crash or hang it, or
// end as if the gateway were to blame.
import http from "node:http";
import type { ClientHttp2Session } from "node:http2";
import { GenerationService } from "../../../gen/es/steer/v1/generation_service_pb.js";
import { together } from "../attack.ts";
import { openSession } from "../connections.ts";
import { bearer, type Gateway } from "../processes.ts";
import { type End, endOf, envelope, pathOf, sendOverHttp1, sendOverHttp2 } from "../send.ts";
import { describeCall, type RandomCall, randomCall } from "./random-call.ts";

/** Calls between two looks at the gateway, and how many of them go on at once. */
const BATCH = 200;
const AT_ONCE = 8;
/** A call has a deadline of 2 s, unless its headers say otherwise. */
const HANG_MS = 20_000;
const MAX_PROBLEMS = 20;

/** The gateway's fault by their name. */
const BLAMED = /^(INTERNAL|UNKNOWN|DATA_LOSS|no end|no status|code .*|HTTP 5\d\d)$/;
/** What the protocols themselves call INTERNAL: a message that is compressed and does not say by what. */
const PROTOCOLS_OWN = /^(the request is compressed and does not say by what)/;

export interface FuzzResult {
  readonly calls: number;
  readonly ends: Readonly<Record<string, number>>;
  /** What was found, each with the seed that shows it again. */
  readonly problems: readonly string[];
}

class Sender implements Disposable {
  readonly #gateway: Gateway;
  readonly #agent = new http.Agent({ keepAlive: true });
  readonly #sessions: (ClientHttp2Session | undefined)[] = [];

  constructor(gateway: Gateway) {
    this.#gateway = gateway;
  }

  /** `lane`: calls of one lane come one after the other. */
  async send({ port, verb, path, headers, body }: RandomCall, lane: number): Promise<End> {
    const { target } = this.#gateway;
    if (port === "grpc") {
      const session = await this.#session(lane);
      if (session === undefined) return { how: "closed", message: "no connection" };
      return sendOverHttp2(session, { ":path": path, ...headers }, body, HANG_MS);
    }
    const options = { method: verb, agent: this.#agent, headers };
    const answer = await sendOverHttp1(`${target.http}${path}`, options, body, HANG_MS);
    return typeof answer === "string" ? { how: answer, message: "" } : endOf(answer);
  }

  async #session(lane: number): Promise<ClientHttp2Session | undefined> {
    const kept = this.#sessions[lane];
    if (kept !== undefined && !kept.destroyed && !kept.closed) return kept;
    const session = await openSession(this.#gateway.target.grpc);
    this.#sessions[lane] = session;
    return session;
  }

  [Symbol.dispose](): void {
    for (const session of this.#sessions) session?.destroy();
    this.#agent.destroy();
  }
}

const GOOD = '{"spec":{"model":"simulator","prompt":"Hi"}}';

/** What is wrong with the gateway after some calls; none: it serves. */
async function troubleOf(gateway: Gateway, sender: Sender, known: number): Promise<string[]> {
  if (!gateway.isAlive) return ["the gateway has ended", ...gateway.trouble()];
  const authorization = bearer("operator");
  const path = pathOf(GenerationService.method.generate);
  const controls = [
    { port: "http", headers: { "content-type": "application/json" }, body: Buffer.from(GOOD) },
    {
      port: "grpc",
      headers: { "content-type": "application/grpc" },
      // { spec: { model: "simulator", prompt: "Hi" } }
      body: envelope(Buffer.from("\x12\x0f\x0a\x09simulatorr\x02Hi")),
    },
  ] as const;
  const ends = await Promise.all(
    controls.map(({ port, headers, body }) =>
      sender.send(
        { seed: 0, port, verb: "POST", path, headers: { ...headers, authorization }, body },
        AT_ONCE,
      ),
    ),
  );
  const refused = ends.filter(({ how }) => how !== "OK");
  return [
    ...refused.map(({ how, message }) => `a call that is whole ended with ${how} ${message}`),
    ...gateway.trouble().slice(known),
  ];
}

/** Fuzzes until the time is over, or as many calls as said. */
export async function fuzz(
  gateway: Gateway,
  { seed, seconds, calls: most }: { seed: number; seconds: number; calls: number },
): Promise<FuzzResult> {
  using sender = new Sender(gateway);
  const until = performance.now() + 1_000 * seconds;
  const ends: Record<string, number> = {};
  const problems: string[] = [];
  let calls = 0;

  async function one(call: RandomCall, lane: number): Promise<void> {
    const end = await sender.send(call, lane);
    calls++;
    ends[end.how] = (ends[end.how] ?? 0) + 1;
    if (!BLAMED.test(end.how) || PROTOCOLS_OWN.test(end.message)) return;
    if (problems.length < MAX_PROBLEMS) {
      problems.push(`${end.how} ${end.message} for ${describeCall(call)}`);
    }
  }

  /** The calls of a batch after which the log has a defect, one at a time. */
  async function blame(batch: readonly RandomCall[]): Promise<string | undefined> {
    for (const call of batch) {
      const known = gateway.trouble().length;
      await sender.send(call, 0);
      if (!gateway.isAlive || gateway.trouble().length > known) return describeCall(call);
    }
    return undefined;
  }

  while (performance.now() < until && calls < most && problems.length < MAX_PROBLEMS) {
    const size = Math.min(BATCH, most - calls);
    const first = seed + calls;
    const authorization = bearer("operator");
    const batch = Array.from({ length: size }, (_, index) =>
      randomCall(first + index, authorization),
    );
    const known = gateway.trouble().length;
    let next = 0;
    await together(AT_ONCE, async (lane) => {
      for (let call = batch[next++]; call !== undefined; call = batch[next++])
        await one(call, lane);
    });
    const trouble = await troubleOf(gateway, sender, known);
    if (trouble.length === 0) continue;
    const culprit = gateway.isAlive ? await blame(batch) : undefined;
    const whose = culprit ?? `one of the seeds ${first} to ${first + size - 1}`;
    problems.push(`${trouble.join("; ").slice(0, 2_000)} for ${whose}`);
    if (!gateway.isAlive) break;
  }
  return { calls, ends, problems };
}
