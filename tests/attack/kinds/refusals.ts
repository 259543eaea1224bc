// Calls that are refused, in bulk.
import http from "node:http";
import { GenerationService } from "../../../gen/es/steer/v1/generation_service_pb.js";
import { type Attack, type AttackRun, type Length, onlyEnds } from "../attack.ts";
import { withSessions } from "../connections.ts";
import { endOf, envelope, sendOverHttp1, sendOverHttp2 } from "../send.ts";

const GENERATE = `/${GenerationService.typeName}/Generate`;
const EMPTY = envelope(Buffer.alloc(0));
/** Calls of a connection that are on their way together. */
const AT_ONCE = 50;
const WRONG_KEYS: Readonly<Record<Length, number>> = {
  short: 10_000,
  usual: 100_000,
  long: 100_000,
};

type Headers = Readonly<Record<string, string>>;

async function overGrpc(run: AttackRun, next: () => Headers | undefined): Promise<void> {
  await withSessions(run, async (session) => {
    const calls: Promise<void>[] = [];
    for (let index = 0; index < AT_ONCE; index++) {
      const headers = next();
      if (headers === undefined) break;
      run.count();
      const call = sendOverHttp2(
        session,
        { "content-type": "application/grpc", ...headers },
        EMPTY,
      );
      calls.push(call.then(({ how }) => run.end(how)));
    }
    if (calls.length === 0) session.destroy();
    await Promise.all(calls);
  });
}

async function overHttp(run: AttackRun, next: () => Headers | undefined): Promise<void> {
  const agent = new http.Agent({ keepAlive: true });
  while (!run.isOver) {
    const headers = next();
    if (headers === undefined) break;
    run.count();
    const { path = GENERATE, ...rest } = headers;
    const answer = await sendOverHttp1(
      `${run.target.http}${path}`,
      { agent, headers: { "content-type": "application/json", ...rest } },
      Buffer.from("{}"),
    );
    run.end(typeof answer === "string" ? answer : endOf(answer).how);
  }
  agent.destroy();
}

/** Nobody's keys, each another one; both ports take from the same. */
function wrongKeys(run: AttackRun): () => Headers | undefined {
  let made = 0;
  return () => {
    if (made >= WRONG_KEYS[run.length]) run.finish();
    if (run.isOver) return undefined;
    return { ":path": GENERATE, authorization: `Bearer wrong-${made++}` };
  };
}

const BROKEN_OFF = ["connection ended", "closed", "reset"];

export const REFUSALS: readonly Attack[] = [
  {
    name: "refused",
    cases: ["X6"],
    about: "calls without a key, of no method and of no type, as fast as they are answered",
    seconds: 3,
    prepare: () => async (run) => {
      const nobody = (): Headers => ({ ":path": GENERATE });
      const nothing = (): Headers => ({ ":path": "/steer.v1.Nothing/Nothing" });
      const page = (): Headers => ({ ":path": GENERATE, "content-type": "text/html" });
      const plain = (): Headers => ({});
      const missing = (): Headers => ({ path: "/nothing" });
      await Promise.all([
        ...[nobody, nobody, nothing, page].map((next) => overGrpc(run, next)),
        ...[plain, plain, missing].map((next) => overHttp(run, next)),
      ]);
    },
    wrong: onlyEnds("UNAUTHENTICATED", "UNIMPLEMENTED", "HTTP 404", "HTTP 415", ...BROKEN_OFF),
  },
  {
    name: "wrong-keys",
    cases: ["X21"],
    about: `${WRONG_KEYS.usual.toLocaleString("en")} distinct wrong keys as fast as they come`,
    seconds: 60,
    longSeconds: 120,
    maxGrowthMiB: 16,
    maxCostRatio: 1.2,
    prepare: () => async (run) => {
      const next = wrongKeys(run);
      const withoutPath = (): Headers | undefined => {
        const headers = next();
        return headers && { authorization: headers["authorization"] ?? "" };
      };
      await Promise.all([
        ...Array.from({ length: 6 }, () => overGrpc(run, next)),
        ...Array.from({ length: 2 }, () => overHttp(run, withoutPath)),
      ]);
      // In a short run it is enough that some came.
      const { sent } = run.tally;
      if (run.length !== "short" && sent < WRONG_KEYS[run.length]) run.end(`only ${sent} keys`);
    },
    wrong: onlyEnds("UNAUTHENTICATED", ...BROKEN_OFF),
  },
];
