// The contract for doors of other APIs: its rules, its stored requests and its events, without its messages.
import { create, fromJson } from "@bufbuild/protobuf";
import {
  type GenerationSpec,
  GenerationSpecSchema,
} from "../../gen/service/steer/v1/generation_pb.ts";
import {
  GenerateRequestSchema,
  GenerationService,
  StreamGenerateRequestSchema,
} from "../../gen/service/steer/v1/generation_service_pb.ts";
import { GatewayError, invalidField } from "../domain/gateway-error.ts";
import type { JsonObject } from "../domain/json.ts";
import type { StreamOptions } from "../domain/stream-options.ts";
import type { AcceptedSpec, Contract, RequestOfApi } from "../ports/contract.ts";
import { decodeStreamEvent } from "./decode-event.ts";
import { decodeSpec } from "./decode-spec.ts";
import { encodeSpec } from "./encode-spec.ts";
import { encodeStreamOptions } from "./encode-stream-options.ts";
import { fingerprintOfMessage } from "./fingerprint.ts";
import { noteOf, withNote } from "./request-note.ts";
import { Rules } from "./requests/rules.ts";
import { decodeStoredRequest } from "./stored-request.ts";
import { toBytes } from "./to-bytes.ts";

/** What a request of another API can wish: the rest has words in every dialect. */
const WISHES: ReadonlySet<string> = new Set([
  "routing",
  "retry",
  "timeouts",
  "providerOptions",
  "labels",
  "budget",
  "abort",
]);

/** The wishes as a message. Throws INVALID_ARGUMENT. */
function decodeWishes(wishes: JsonObject): GenerationSpec {
  for (const name of Object.keys(wishes)) {
    if (WISHES.has(name)) continue;
    throw invalidField(`steer.${name}`, `is none of ${[...WISHES].join(", ")}`);
  }
  try {
    return fromJson(GenerationSpecSchema, wishes, { ignoreUnknownFields: false });
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : "cannot be read";
    throw new GatewayError("validation", `steer: ${message}`, {
      cause,
      violations: [{ field: "steer", description: message }],
    });
  }
}

/** Wishes stand in place of what the door says. */
function wish(spec: GenerationSpec, wishes: GenerationSpec): void {
  const { routing, retry, timeouts, budget, abort, providerOptions, labels } = wishes;
  Object.assign(spec.providerOptions, providerOptions);
  Object.assign(spec.labels, labels);
  if (routing !== undefined) {
    // A door says how its clients take a failure, unless the request does.
    routing.midStreamRecovery ||= spec.routing?.midStreamRecovery ?? 0;
    spec.routing = routing;
  }
  if (retry !== undefined) spec.retry = retry;
  if (timeouts !== undefined) spec.timeouts = timeouts;
  if (budget !== undefined) spec.budget = budget;
  if (abort !== undefined) spec.abort = abort;
}

export function createContract(): Contract {
  const rules = new Rules([GenerationSpecSchema]);

  /** Throws INVALID_ARGUMENT for a number that the message has no room for. */
  function encoded(spec: GenerationSpec, options: StreamOptions | undefined): Uint8Array {
    try {
      if (options === undefined) {
        const request = { $typeName: "steer.v1.GenerateRequest", requestId: "", spec } as const;
        return toBytes(GenerateRequestSchema, request);
      }
      const request = { spec, options: encodeStreamOptions(options) };
      return toBytes(StreamGenerateRequestSchema, create(StreamGenerateRequestSchema, request));
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : "the request cannot be encoded";
      throw new GatewayError("validation", message, { cause });
    }
  }

  function accept({ spec, wishes }: RequestOfApi, options?: StreamOptions): AcceptedSpec {
    const message = create(GenerationSpecSchema, encodeSpec(spec));
    if (wishes !== undefined) wish(message, decodeWishes(wishes));
    rules.check(GenerationSpecSchema, message, "spec");
    const bytes = encoded(message, options);
    const { generate, streamGenerate } = GenerationService.method;
    const method = options === undefined ? generate : streamGenerate;
    return {
      spec: decodeSpec(message),
      request: (note) => (note === undefined ? bytes : withNote(bytes, note)),
      fingerprint: () => fingerprintOfMessage(method, message),
    };
  }

  return {
    accept,
    decodeEvent: decodeStreamEvent,
    noteOf,
    decodeRequest: (request) => decodeStoredRequest(request, "stream")?.spec,
  };
}
