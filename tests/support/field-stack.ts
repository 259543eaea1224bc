import type { IncomingHttpHeaders } from "node:http";
import type { ServerOptions } from "node:https";
import type { Socket } from "node:net";
import { create } from "@bufbuild/protobuf";
import { type Client, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { BadRequestSchema } from "../../gen/es/google/rpc/error_details_pb.js";
import { AdminService } from "../../gen/es/steer/admin/v1/admin_service_pb.js";
import {
  AttemptOutcome,
  ErrorCategory,
  type GatewayError,
} from "../../gen/es/steer/v1/error_pb.js";
import { type Generation, GenerationSchema } from "../../gen/es/steer/v1/generation_pb.js";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { startService } from "../../src/service.ts";
import { createEagerClock } from "./clocked-stack.ts";
import { fromExplainedFile } from "./config-file.ts";
import type { Mode, Spec } from "./conformance/faults.ts";
import { createGrpcClient, detailOf, type GrpcClient, gatewayErrorOf } from "./grpc-client.ts";
import { type HttpUpstream, type SeenRequest, startHttpUpstream } from "./http-upstream.ts";
import { stopAtOnce } from "./stop-at-once.ts";
import { type WireAnswer, writeAnswer } from "./wire-answers.ts";

const { generate, streamGenerate } = GenerationService.method;

/** A server's answer to a request, computed for each request. */
export type Answer = (body: { readonly model?: string; readonly stream?: boolean }) => WireAnswer;

/** The end of a call: a generation, or the typed error with its status. */
export interface CallEnd {
  readonly generation: Generation | undefined;
  readonly error: GatewayError | undefined;
  readonly code: number;
  readonly attempts: readonly string[];
  readonly warnings: readonly string[];
  /** Fields named by an INVALID_ARGUMENT status. */
  readonly violations: readonly string[];
  /** Parts of a stream that began and did not end. */
  readonly open: readonly number[];
}

/** The service in this process with the shipped defaults, in front of servers that a test scripts. */
export interface FieldStack extends AsyncDisposable {
  readonly grpc: GrpcClient;
  readonly admin: Client<typeof AdminService>;
  /** Advances the clock. */
  advance(ms: number): Promise<void>;
  /** Lines of its log. */
  readonly log: readonly Readonly<Record<string, unknown>>[];
  /** Sets the answer of each server. */
  script(answers: Readonly<Record<string, Answer>>): Promise<void>;
  /** Requests at a server since the last `script`. */
  requests(server: string): number;
  /** Headers of the requests since the last `script`. */
  headers(server: string): readonly IncomingHttpHeaders[];
  /** Paths of the requests since the last `script`. */
  paths(server: string): readonly (string | undefined)[];
  /** Bodies of the requests since the last `script`. */
  bodies(server: string): readonly string[];
  /** Connections of the requests since the last `script`. */
  sockets(server: string): readonly Socket[];
  call(mode: Mode, spec: Spec): Promise<CallEnd>;
  /** Reloads with another configuration. */
  reload(configuration: (url: (server: string) => string) => string): Promise<void>;
}

export interface FieldStackOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** The servers speak HTTPS, at `localhost`. */
  readonly tls?: ServerOptions;
}

function ended(
  generation: Generation | undefined,
  error: unknown,
  open: Iterable<number> = [],
): CallEnd {
  const typed = error === undefined ? undefined : gatewayErrorOf(error);
  const attempts = typed?.attempts ?? generation?.attempts ?? [];
  return {
    generation,
    error: typed,
    code: (error as { code?: number } | undefined)?.code ?? 0,
    attempts: attempts.map(({ provider, model, outcome, errorCategory }) =>
      [
        `${provider}/${model}`,
        AttemptOutcome[outcome],
        ...(errorCategory === 0 ? [] : [ErrorCategory[errorCategory]]),
      ].join(" "),
    ),
    violations:
      error === undefined
        ? []
        : (detailOf(error, BadRequestSchema)?.fieldViolations.map(({ field }) => field) ?? []),
    open: [...open],
    warnings: generation?.warnings.map(({ reason }) => reason) ?? [],
  };
}

/** A fixed sequence of different numbers, the same in each run. */
function randomSequence(): () => number {
  let state = 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** `configuration` receives the address of each server, without a path. Retry waits take no time. */
export async function startFieldStack(
  servers: readonly string[],
  configuration: (url: (server: string) => string) => string,
  options: FieldStackOptions = {},
): Promise<FieldStack> {
  await using starting = new AsyncDisposableStack();
  let answers: Readonly<Record<string, Answer>> = {};
  const upstreams = new Map<string, HttpUpstream>();
  const before = new Map<string, number>();
  for (const server of servers) {
    const answer = ({ response, body }: SeenRequest): void =>
      writeAnswer(
        response,
        answers[server]?.(JSON.parse(body)) ?? { status: 599, body: { error: "no script" } },
      );
    upstreams.set(server, starting.use(await startHttpUpstream(answer, options.tls)));
  }
  const at = (server: string): HttpUpstream => {
    const found = upstreams.get(server);
    if (found === undefined) throw new Error(`no server ${server}`);
    return found;
  };
  const urlOf = (server: string): string => at(server).baseUrl.replace(/\/v1$/, "");
  let config = configuration(urlOf);
  const environment = {
    UP_KEY: "secret-key",
    STEER_GRPC_ADDRESS: "127.0.0.1:0",
    STEER_HTTP_ADDRESS: "127.0.0.1:0",
    ...options.environment,
  };
  const lines: Readonly<Record<string, unknown>>[] = [];
  const clock = { ...createEagerClock(), random: randomSequence() };
  const service = await startService(
    (line) => void lines.push(line),
    clock,
    () => fromExplainedFile(config, environment),
  );
  const grpc = createGrpcClient(String(lines[0]?.["grpc"]));
  const baseUrl = `http://${String(lines[0]?.["http"])}`;
  const admin = createClient(AdminService, createConnectTransport({ baseUrl, httpVersion: "1.1" }));

  async function stream(spec: Spec): Promise<CallEnd> {
    let generation: Generation | undefined;
    const open = new Set<number>();
    for await (const { event } of grpc.stream(streamGenerate, { spec })) {
      if (event.case === "complete") generation = event.value.generation;
      else if (event.case === "partEnd") open.delete(event.value.partIndex);
      else if (event.value !== undefined && "partIndex" in event.value) {
        open.add(event.value.partIndex);
      }
    }
    return ended(generation, undefined, open);
  }

  const all = starting.move();
  return {
    grpc,
    admin,
    log: lines,
    async reload(next) {
      config = next(urlOf);
      await service.reload();
    },
    advance: (ms) => clock.advance(ms),
    async script(next) {
      answers = next;
      await Promise.all(servers.map((provider) => admin.resetCircuit({ provider })));
      for (const [server, { seen }] of upstreams) before.set(server, seen.length);
    },
    requests: (server) => at(server).seen.length - (before.get(server) ?? 0),
    headers: (server) =>
      at(server)
        .seen.slice(before.get(server) ?? 0)
        .map(({ request }) => request.headers),
    paths: (server) =>
      at(server)
        .seen.slice(before.get(server) ?? 0)
        .map(({ request }) => request.url),
    bodies: (server) =>
      at(server)
        .seen.slice(before.get(server) ?? 0)
        .map(({ body }) => body),
    sockets: (server) =>
      at(server)
        .seen.slice(before.get(server) ?? 0)
        .map(({ request }) => request.socket),
    async call(mode, spec) {
      try {
        if (mode === "stream") return await stream(spec);
        const { generation } = await grpc.unary(generate, { spec });
        return ended(generation ?? create(GenerationSchema), undefined);
      } catch (error) {
        return ended(undefined, error);
      }
    },
    async [Symbol.asyncDispose]() {
      grpc.close();
      await stopAtOnce(service, clock);
      await all.disposeAsync();
    },
  };
}
