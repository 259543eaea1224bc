import type { Clock } from "../../clock.ts";
import type { Provider, ProviderInstance, ProviderRequest } from "../provider.ts";
import { type AnswerReader, runExchange } from "./answer.ts";
import type { ErrorRules } from "./http-error.ts";
import { createUpstream, type UpstreamResponse } from "./upstream-fetch.ts";

/** One endpoint of an API: how a request becomes a body, and how its answer is read. */
export interface Dialect {
  /** Below the base URL, with a leading slash. */
  readonly path: string;
  readonly errorRules: ErrorRules;
  /** Headers that depend on the request. */
  headers?(request: ProviderRequest): Readonly<Record<string, string>>;
  encodeBody(request: ProviderRequest): string;
  createReader(response: UpstreamResponse): AnswerReader;
}

export interface HttpProviderOptions {
  readonly instance: ProviderInstance;
  /** Headers of every request: credentials first of all. */
  readonly headers: Readonly<Record<string, string>>;
  readonly dialectOf: (request: ProviderRequest) => Dialect;
  readonly clock: Clock;
}

/** An adapter for an API that takes one JSON body by POST and answers with JSON or an event stream. */
export function createHttpProvider(options: HttpProviderOptions): Provider {
  const { instance, dialectOf, clock } = options;
  const upstream = createUpstream(instance.baseUrl, clock);
  const basePath = new URL(instance.baseUrl).pathname.replace(/\/$/, "");
  const headers = { ...options.headers, ...instance.headers };

  return {
    generate(request, signal) {
      const dialect = dialectOf(request);
      return runExchange(
        {
          upstream,
          createRequest: () => ({
            path: basePath + dialect.path,
            headers: { ...headers, ...dialect.headers?.(request), ...request.headers },
            body: dialect.encodeBody(request),
            connectTimeoutMs: request.connectTimeoutMs,
          }),
          stream: request.stream,
          createReader: (response) => dialect.createReader(response),
          errorRules: dialect.errorRules,
          clock,
        },
        signal,
      );
    },
    close: () => upstream.close(),
  };
}
