import type { Clock } from "../../clock.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { Warning } from "../../domain/warning.ts";
import type { ProviderInstance } from "../../ports/provider-instance.ts";
import type { Provider, ProviderRequest } from "../provider.ts";
import type { AnswerReader } from "./answer-reader.ts";
import type { Authentication } from "./authentication.ts";
import type { OnIgnored } from "./encode-body.ts";
import { fetchJson, runExchange } from "./exchange.ts";
import type { CreateFrameReader } from "./frame-reader.ts";
import { type ErrorRules, protocolError } from "./http-error.ts";
import { createSseReader } from "./sse.ts";
import { createUpstream, type UpstreamRequest, type UpstreamResponse } from "./upstream.ts";

/** One endpoint of an API: encodes a request's body and reads its answer. */
export interface Dialect {
  /** Path below the base URL, with a leading slash and an optional query. */
  path(request: ProviderRequest): string;
  readonly errorRules: ErrorRules;
  /** Headers that depend on the request. */
  headers?(request: ProviderRequest): Readonly<Record<string, string>>;
  encodeBody(request: ProviderRequest, onIgnored?: OnIgnored): string;
  /** Framing of streams. Unset: server-sent events. */
  readonly createFrameReader?: CreateFrameReader;
  createReader(response: UpstreamResponse): AnswerReader;
}

/** The endpoint of an API that counts the input of a request. */
export interface CountDialect extends Omit<Dialect, "createFrameReader" | "createReader"> {
  /** The count in an answer; undefined: the answer has none. */
  readCount(body: JsonObject): number | undefined;
}

export interface HttpProviderOptions {
  readonly instance: ProviderInstance;
  readonly authentication: Authentication;
  readonly dialectOf: (request: ProviderRequest) => Dialect;
  /** Undefined: the API cannot count. */
  readonly counting?: CountDialect;
  readonly checkOptions?: Provider["checkOptions"];
  readonly clock: Clock;
}

/** Without this header any coding is allowed (RFC 9110, 12.5.3), and compressed events arrive late. */
const AS_IT_IS = { "accept-encoding": "identity" };

/** The warning for an option that Steer sets itself, and that is therefore not sent. */
function ignoredOption(instance: string, option: string): Warning {
  const field = `spec.provider_options.${instance}.${option}`;
  return { reason: "PROVIDER_OPTION_IGNORED", message: `${field} is set by Steer itself`, field };
}

/** An adapter for an API that receives one JSON body by POST and answers with JSON or a stream. */
export function createHttpProvider(options: HttpProviderOptions): Provider {
  const { instance, authentication, dialectOf, counting, checkOptions, clock } = options;
  const upstream = createUpstream(instance.baseUrl, clock, instance.connection);
  const basePath = new URL(instance.baseUrl).pathname.replace(/\/$/, "");
  const hasOwn = Object.keys(instance.headers).some((name) => name.toLowerCase() in AS_IT_IS);
  const headers = { ...(!hasOwn && AS_IT_IS), ...instance.headers };

  function createRequest(
    dialect: Pick<Dialect, "path" | "headers" | "encodeBody">,
    request: ProviderRequest,
    onIgnored: OnIgnored = () => {},
  ): UpstreamRequest {
    return {
      path: basePath + dialect.path(request),
      headers: { ...headers, ...dialect.headers?.(request), ...request.headers },
      body: dialect.encodeBody(request, onIgnored),
      connectTimeoutMs: request.connectTimeoutMs,
    };
  }

  async function countInput(
    { readCount, ...dialect }: CountDialect,
    request: ProviderRequest,
    signal: AbortSignal,
  ): Promise<number> {
    const body = await fetchJson(
      {
        upstream,
        authentication,
        createRequest: () => createRequest(dialect, request),
        errorRules: dialect.errorRules,
        clock,
      },
      signal,
    );
    const count = readCount(body);
    // NaN marks an invalid count.
    if (count === undefined || Number.isNaN(count)) {
      throw protocolError("the provider's answer has no count");
    }
    return count;
  }

  return {
    ...(counting !== undefined && {
      countInput: (request, signal) => countInput(counting, request, signal),
    }),
    ...(checkOptions !== undefined && { checkOptions }),
    generate(request, signal) {
      const dialect = dialectOf(request);
      const warnings: Warning[] = [];
      return runExchange(
        {
          upstream,
          authentication,
          createRequest: () =>
            createRequest(dialect, request, (option) =>
              warnings.push(ignoredOption(instance.id, option)),
            ),
          warnings,
          stream: request.stream,
          usageWaitMs: request.usageWaitMs,
          createFrameReader: dialect.createFrameReader ?? createSseReader,
          createReader: (response) => dialect.createReader(response),
          errorRules: dialect.errorRules,
          clock,
        },
        signal,
      );
    },
    close() {
      authentication.close();
      return upstream.close();
    },
  };
}
