import { type GenerationSpec, InvalidOutputAction } from "../../gen/es/steer/v1/generation_pb.ts";
import type {
  GenerateRequest,
  StreamGenerateRequest,
} from "../../gen/es/steer/v1/generation_service_pb.ts";
import { JsonStreamMode, type StreamOptions } from "../../gen/es/steer/v1/stream_pb.ts";
import { GatewayError } from "../domain/gateway-error.ts";

/** A part of the contract that this version does not serve: the path, and whether a request asks for it. */
interface NotBuilt<Request> {
  readonly path: string;
  readonly isAsked: (request: Request) => boolean;
}

const { FAIL, RETRY } = InvalidOutputAction;

function onInvalid(spec: GenerationSpec): InvalidOutputAction {
  const format = spec.outputFormat?.format;
  return format?.case === "jsonObject" || format?.case === "jsonSchema"
    ? format.value.onInvalid
    : InvalidOutputAction.UNSPECIFIED;
}

const SPEC: readonly NotBuilt<GenerationSpec>[] = [
  {
    path: "spec.output_format.on_invalid",
    isAsked: (spec) => onInvalid(spec) === FAIL || onInvalid(spec) === RETRY,
  },
];

const OPTIONS: readonly NotBuilt<StreamOptions>[] = [
  {
    path: "options.json_mode",
    isAsked: (options) => options.jsonMode > JsonStreamMode.OFF,
  },
  { path: "options.omit_json_text", isAsked: (options) => options.omitJsonText },
  { path: "options.include_usage_updates", isAsked: (options) => options.includeUsageUpdates },
];

function notImplemented(path: string): GatewayError {
  return new GatewayError("validation", `${path} is not implemented`, {
    reason: "NOT_IMPLEMENTED",
    violations: [{ field: path, description: "not implemented by this version of the service" }],
    metadata: { path },
  });
}

function refuse<Request>(table: readonly NotBuilt<Request>[], request: Request | undefined): void {
  if (request === undefined) return;
  for (const entry of table) {
    if (entry.isAsked(request)) throw notImplemented(entry.path);
  }
}

/** Refuses a request that asks for something which is not built, with the path of the field. */
export function refuseNotBuilt(
  request: Partial<Pick<StreamGenerateRequest, "options">> & Partial<Pick<GenerateRequest, "spec">>,
): void {
  refuse(SPEC, request.spec);
  refuse(OPTIONS, request.options);
}

/** One argument of a method, by its path. */
export function refuseArgument(path: string, asked: boolean): void {
  if (asked) throw notImplemented(path);
}
