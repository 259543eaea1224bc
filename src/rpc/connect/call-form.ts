import type { IncomingHttpHeaders } from "node:http";
import type { DescMethod } from "@bufbuild/protobuf";
import type { EncodedRequest, Encoding } from "../call.ts";
import type { Framing } from "../requests/read-request.ts";
import { ENCODING_HEADERS, encodingOf } from "../requests/taken-request.ts";

/** The protocol of a call and its formats, as its headers give them. */
export interface CallForm {
  readonly framing: Framing;
  readonly format: EncodedRequest["format"];
  /** Compression of the request; undefined: none. */
  readonly requestEncoding: Encoding | undefined;
  /** Compression for large messages of the answer; undefined: none. */
  readonly answerEncoding: AnswerEncoding | undefined;
}

export type AnswerEncoding = "gzip" | "br";

const JSON_FORM = { framing: "unary", format: "json" } as const;

const TYPES = new Map<string, Pick<CallForm, "framing" | "format">>([
  ["application/json", JSON_FORM],
  ["application/json; charset=utf-8", JSON_FORM],
  ["application/json;charset=utf-8", JSON_FORM],
  ["application/proto", { framing: "unary", format: "proto" }],
  ["application/connect+json", { framing: "connect", format: "json" }],
  ["application/connect+proto", { framing: "connect", format: "proto" }],
  ["application/grpc-web", { framing: "grpc-web", format: "proto" }],
  ["application/grpc-web+proto", { framing: "grpc-web", format: "proto" }],
  ["application/grpc-web+json", { framing: "grpc-web", format: "json" }],
]);

/** Content types of answers, before the name of the format. */
const ANSWER_TYPES = {
  unary: "application/",
  connect: "application/connect+",
  "grpc-web": "application/grpc-web+",
} as const satisfies Record<Framing, string>;

export function contentTypeOf({ framing, format }: CallForm): string {
  return ANSWER_TYPES[framing] + format;
}

/** Connect has envelopes in streams only, and gRPC-Web in all calls. */
function isFramingOf({ methodKind }: DescMethod, framing: Framing): boolean {
  return framing === "grpc-web" || (framing === "connect") === (methodKind === "server_streaming");
}

/** The first that is known of the names in a header. */
function firstKnown(names: string): AnswerEncoding | undefined {
  for (const name of names.split(",")) {
    const encoding = encodingOf(name.trim());
    if (encoding !== undefined) return encoding;
  }
  return undefined;
}

function textOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Undefined: a call that is unusual, or is to be refused. */
export function formOf(method: DescMethod, headers: IncomingHttpHeaders): CallForm | undefined {
  const type = TYPES.get(headers["content-type"]?.toLowerCase() ?? "");
  if (type === undefined || !isFramingOf(method, type.framing)) return undefined;
  const [sent, accepted] = ENCODING_HEADERS[type.framing];
  const requestName = textOf(headers, sent) ?? "identity";
  const requestEncoding = encodingOf(requestName);
  if (requestEncoding === undefined && requestName !== "identity") return undefined;
  const names = textOf(headers, accepted);
  // A caller that names no compression for answers accepts that of its request.
  const answerEncoding = names === undefined ? requestEncoding : firstKnown(names);
  return { ...type, requestEncoding, answerEncoding };
}
