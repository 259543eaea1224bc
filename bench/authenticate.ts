// The cost of looking up a key among many, in a separate process: `node bench/authenticate.ts`. The floor is the
// look-up of a single key. Callers call in turn, so that no cache helps.
import { createHash } from "node:crypto";
import { createAuthenticator } from "../src/calls/authenticator.ts";
import type { CallHead } from "../src/calls/call.ts";
import type { StoredKeys } from "../src/ports/stored-keys.ts";
import { compare, print } from "./in-process.ts";
import { keyOf } from "./scene.ts";

const NO_KEYS: StoredKeys = { holders: "none", find: () => ({ state: "unknown" }) };

const CALLS = 200_000;
const CALLERS = 10_000;

function authenticatorOf(count: number) {
  const callers = Array.from({ length: count }, (_, index) => ({
    id: `caller-${index}`,
    role: "caller" as const,
    keySha256: createHash("sha256").update(keyOf(index)).digest("hex"),
  }));
  return createAuthenticator({ callers, allowUnauthenticated: false, hosts: [] }, NO_KEYS);
}

/** Heads of calls with the keys of these callers. */
function headsOf(count: number): readonly CallHead[] {
  return Array.from({ length: count }, (_, index) => {
    const authorization = `Bearer ${keyOf(index)}`;
    return {
      operation: { name: "bench.v1.Bench/Ask", kind: "unary", audience: "callers" },
      system: "grpc",
      peer: { address: "127.0.0.1", certificateNames: [] },
      hosts: [],
      header: (name: string) => (name === "authorization" ? authorization : undefined),
      headerNames: () => ["authorization"],
    };
  });
}

function lookUps(count: number): () => void {
  const authenticate = authenticatorOf(count);
  const heads = headsOf(count);
  let next = 0;
  return () => {
    const head = heads[next++ % count];
    if (head !== undefined) authenticate(head);
  };
}

print({ lookUp: await compare(CALLS, lookUps(CALLERS), lookUps(1)) });
