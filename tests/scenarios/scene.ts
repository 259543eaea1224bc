// A fresh gateway with the shipped defaults before scripted instances, as an operator starts one.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { MidStreamRecovery } from "../../gen/es/steer/v1/generation_pb.js";
import { createGrpcClient } from "../support/grpc-client.ts";
import { type ServiceProcess, startService } from "../support/service.ts";
import { type Answer, ask, type Mode, type SpecInit } from "../support/targets.ts";
import { type Behaviour, type ChatUpstream, startChatUpstream } from "./chat-upstream.ts";

/** Connections that the calls of a scene are spread over, as those of several services are. */
const CONNECTIONS = 4;
/** Many processes start side by side. */
const START_TIMEOUT_MS = 60_000;

/** An instance with the one model that it offers. */
export interface Instance {
  readonly id: string;
  readonly model: string;
  readonly behaviour: Behaviour;
}

/** What a caller got, and when. */
export interface Outcome extends Answer {
  readonly marker: string;
  /** Milliseconds of `performance.now()` when the call began and when it ended. */
  readonly startedAt: number;
  readonly endedAt: number;
}

export interface CallInit {
  readonly spec: SpecInit;
  /** Deadline of the caller. Unset: none. */
  readonly timeoutMs?: number;
  readonly acceptsDiscard?: boolean;
}

export interface Scene extends AsyncDisposable {
  readonly service: ServiceProcess;
  readonly upstream: ChatUpstream;
  /** One call; its prompt is its marker, which no other call of the scene has. */
  call(mode: Mode, init: CallInit): Promise<Outcome>;
  /** Gives every instance this header and asks the running gateway to read its file again. */
  reload(header: string): void;
}

/** The header that `reload` changes. */
export const RELOADED_HEADER = "x-reload";

function configuration(upstream: ChatUpstream, instances: readonly Instance[], header?: string) {
  const headers = header === undefined ? {} : { headers: { [RELOADED_HEADER]: header } };
  return JSON.stringify({
    providers: instances.map(({ id }) => {
      return { id, type: "openai", base_url: upstream.urlOf(id), ...headers };
    }),
    models: instances.map(({ id, model }) => ({ id: model, provider: id })),
  });
}

/** The file names instances and models and nothing else. */
export async function startScene(instances: readonly Instance[]): Promise<Scene> {
  const behaviours = Object.fromEntries(instances.map(({ id, behaviour }) => [id, behaviour]));
  const upstream = await startChatUpstream(behaviours);
  const folder = mkdtempSync(join(tmpdir(), "steer-scenario-"));
  const file = join(folder, "steer.yaml");
  writeFileSync(file, configuration(upstream, instances));
  const service = await startService({
    env: { STEER_CONFIG: file },
    startTimeoutMs: START_TIMEOUT_MS,
  });
  const clients = Array.from({ length: CONNECTIONS }, () => createGrpcClient(service.grpc));
  let calls = 0;
  return {
    service,
    upstream,
    async call(mode, { spec, ...options }) {
      const marker = `call-${calls}`;
      const client = clients[calls++ % CONNECTIONS];
      if (client === undefined) throw new Error("no connection");
      const startedAt = performance.now();
      const answer = await ask(client, mode, { prompt: marker, ...spec }, options);
      return { ...answer, marker, startedAt, endedAt: performance.now() };
    },
    reload(header) {
      writeFileSync(file, configuration(upstream, instances, header));
      service.signal("SIGHUP");
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.close();
      await service.stop();
      await upstream[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** P, the first target, and Q, another model at another instance that the caller names second. */
export interface Pair {
  readonly p: string;
  readonly q: string;
  readonly instances: readonly [Instance, Instance];
  /** Asks for P, with Q as the fallback. */
  readonly spec: SpecInit;
}

/** `id`: what tells the instances of one pair from those of others in the same gateway. */
export function pairOf(id: string, p: Behaviour, q: Behaviour): Pair {
  const first = { id: `p-${id}`, model: `m-${id}`, behaviour: p };
  const second = { id: `q-${id}`, model: `n-${id}`, behaviour: q };
  return {
    p: first.id,
    q: second.id,
    instances: [first, second],
    spec: { model: first.model, routing: { fallbacks: [{ model: second.model }] } },
  };
}

/** The pair's spec for a stream that is recovered so. */
export function withRecovery({ spec }: Pair, midStreamRecovery: MidStreamRecovery): SpecInit {
  return { ...spec, routing: { ...spec.routing, midStreamRecovery } };
}

/** `count` calls, `atATime` of them at once. */
export async function callMany(
  count: number,
  atATime: number,
  call: (index: number) => Promise<Outcome>,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  let next = 0;
  async function caller(): Promise<void> {
    while (next < count) outcomes.push(await call(next++));
  }
  await Promise.all(Array.from({ length: Math.min(count, atATime) }, caller));
  return outcomes;
}

/**
 * Calls that begin `everyMs` apart, however long they take. A busy machine makes the distances
 * longer and none shorter: calls that catch up would be a herd.
 */
export async function callEvery(
  everyMs: number,
  count: number,
  call: (index: number) => Promise<Outcome>,
): Promise<Outcome[]> {
  const running: Promise<Outcome>[] = [];
  for (let index = 0; index < count; index++) {
    if (index > 0) await delay(everyMs);
    running.push(call(index));
  }
  return Promise.all(running);
}

/** Every second call is a stream. */
export function modeOf(index: number): Mode {
  return index % 2 === 0 ? "unary" : "stream";
}
