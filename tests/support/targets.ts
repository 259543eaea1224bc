import type { MessageInitShape } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import type grpc from "@grpc/grpc-js";
import { RetryInfoSchema } from "../../gen/es/google/rpc/error_details_pb.js";
import { AdminService } from "../../gen/es/steer/admin/v1/admin_service_pb.js";
import type { GatewayError } from "../../gen/es/steer/v1/error_pb.js";
import type { Generation, GenerationSpecSchema } from "../../gen/es/steer/v1/generation_pb.js";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import type { StreamEvent, StreamOptionsSchema } from "../../gen/es/steer/v1/stream_pb.js";
import { because, sectionLines } from "./explained-settings.ts";
import { type CallOptions, detailOf, type GrpcClient, gatewayErrorOf } from "./grpc-client.ts";
import { type Stack, startStack } from "./stack.ts";
import type { UpstreamFault, UpstreamScript } from "./upstream/script.ts";
import type { RecordedRequest } from "./upstream.ts";

/** A message as plain fields. */
type Plain<Message> = Extract<Message, { readonly $typeName?: never }>;

type PlainSpec = Plain<MessageInitShape<typeof GenerationSpecSchema>>;

export type SpecInit = Omit<PlainSpec, "routing"> & {
  routing?: Plain<NonNullable<PlainSpec["routing"]>>;
};

/**
 * Instances with one model each, named `m-` and the instance; the upstream sees the instance's name as the model.
 */
const TARGETS = ["a", "b", "c"] as const;
/** Instances that can continue a prefix, both with the model `m-same`. */
const PREFILLED = ["p", "q"] as const;

export type TargetId = (typeof TARGETS)[number] | (typeof PREFILLED)[number];

/** Providers and models of the targets, at this address. */
export function targetsConfiguration(url: string): string {
  const own = TARGETS.map((id) => ({ id, model: `m-${id}`, prefill: false }));
  const same = PREFILLED.map((id) => ({ id, model: "m-same", prefill: true }));
  const all = [...own, ...same];
  return sectionLines({
    providers: all.map(({ id, prefill }) => {
      return { id, type: "openai", base_url: `${url}/v1`, api_key_env: "UP_KEY", prefill };
    }),
    models: [
      ...all.map(({ id, model }) => ({
        id: model,
        provider: id,
        provider_model: id,
        // Without capabilities, a model in the file takes no media.
        capabilities: ["generate", "stream", "tools", "json-object", "json-schema", "image-input"],
      })),
      { id: "m-other", provider: "p", provider_model: "other" },
    ],
  });
}

/** The real service with one upstream as several targets. `config`: sections of the file, from `because`. */
export function startTargets(
  config: object = {},
  env: Readonly<Record<string, string>> = {},
): Promise<Stack> {
  return startStack({ env }, (url) => targetsConfiguration(url) + sectionLines(config));
}

/** Short waits, and repetitions for as many failing calls as a fast machine makes in a second. */
export const CALM = {
  retry: because("a process keeps real time, and hundreds of calls would sit out real waits", {
    transient: { base: "1ms", cap: "5ms" },
    throttle: { base: "5ms", cap: "10ms" },
  }),
  budget: because("a quick machine makes hundreds of calls fail at one instance", {
    capacity: 1_000,
  }),
};

let serial = 0;

/** A script whose faults apply to this call only; without `attempt`, to every attempt. */
export function script(
  fields: Omit<UpstreamScript, "faults">,
  ...faults: (Omit<UpstreamFault, "attempt"> & { attempt?: number })[]
): UpstreamScript {
  const own = String(serial++);
  const numbered = faults.flatMap((fault) =>
    fault.attempt === undefined
      ? Array.from({ length: 8 }, (_, index) => ({ ...fault, attempt: index + 1 }))
      : [{ ...fault, attempt: fault.attempt }],
  );
  return {
    ...fields,
    faults: numbered.map((fault) => ({ ...fault, headers: { ...fault.headers, "x-test": own } })),
  };
}

/** Tries the targets in this order, each with its script. */
export function through(
  scripts: Partial<Record<TargetId, UpstreamScript>>,
  fields: SpecInit = {},
): SpecInit {
  const [first = "a", ...others] = Object.keys(scripts);
  const name = (id: string): string =>
    PREFILLED.some((each) => each === id) ? "m-same" : `m-${id}`;
  return {
    model: `${first}/${name(first)}`,
    prompt: "Hi",
    ...fields,
    routing: {
      ...fields.routing,
      fallbacks: others.map((id) => ({ model: name(id), provider: id })),
    },
    providerOptions: Object.fromEntries(
      Object.entries(scripts).map(([id, simulator]) => [id, { simulator: simulator as never }]),
    ),
  };
}

export type Mode = "unary" | "stream";

/** Everything that a caller receives for one call. */
export interface Answer {
  readonly code: number;
  readonly message: string;
  readonly typed: GatewayError | undefined;
  /** Trailers of a failure, and the RetryInfo in its details. */
  readonly trailer: (name: string) => unknown;
  readonly retryInfoMs: number | undefined;
  /** The result, or its known part. */
  readonly generation: Generation | undefined;
  readonly events: readonly StreamEvent[];
}

type StreamInit = MessageInitShape<typeof StreamOptionsSchema>;

export async function ask(
  client: GrpcClient,
  mode: Mode,
  spec: SpecInit,
  options: CallOptions & { readonly stream?: StreamInit; readonly acceptsDiscard?: boolean } = {},
): Promise<Answer> {
  const { generate, streamGenerate } = GenerationService.method;
  const events: StreamEvent[] = [];
  let generation: Generation | undefined;
  try {
    if (mode === "unary") ({ generation } = await client.unary(generate, { spec }, options));
    else {
      const { stream, acceptsDiscard = false } = options;
      const request = { spec, options: stream, acceptsDiscard };
      for await (const event of client.stream(streamGenerate, request, options)) {
        events.push(event);
        if (event.event.case === "complete") ({ generation } = event.event.value);
        else if (event.event.case === "error") generation = event.event.value.partial;
      }
    }
  } catch (error) {
    const { code, details, metadata } = error as grpc.ServiceError;
    const typed = gatewayErrorOf(error);
    const delay = detailOf(error, RetryInfoSchema)?.retryDelay;
    return {
      code,
      message: details,
      typed,
      trailer: (name) => metadata.get(name)[0],
      retryInfoMs: delay && durationMs(delay),
      generation,
      events,
    };
  }
  const none = { typed: undefined, trailer: () => undefined, retryInfoMs: undefined };
  return { code: 0, message: "", ...none, generation, events };
}

/** The text of a reader that obeys the notices. */
export function readText(events: readonly StreamEvent[]): string {
  let text = "";
  for (const { event } of events) {
    if (event.case === "attemptNotice" && event.value.discardOutput) text = "";
    else if (event.case === "textDelta") text += event.value.text;
  }
  return text;
}

/** Kinds of events; runs of the same kind are merged. */
export function outline(events: readonly StreamEvent[]): string[] {
  const kinds = events.map(({ event }) => String(event.case));
  return kinds.filter((kind, index) => kind !== kinds[index - 1]);
}

/** The requests that one target received. */
export function requestsOf(
  { upstream }: Pick<Stack, "upstream">,
  target: string,
): RecordedRequest[] {
  return upstream.requests.filter(({ body }) => body["model"] === target);
}

/** Ends every pause and closes every circuit, so that each test starts in the same state. */
export async function resetTargets({ client }: Pick<Stack, "client">): Promise<void> {
  for (const provider of [...TARGETS, ...PREFILLED]) {
    await client.unary(AdminService.method.resetCircuit, { provider });
  }
}
