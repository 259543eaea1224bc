/** Endpoints that the adapter appends to a base URL. */
const ENDPOINT =
  /\/(?:chat\/completions|completions|responses|messages|messages\/count_tokens|models)$/;
const VERSION_TWICE = /\/v1\/v1$/;

/** Why an address is no valid base URL; undefined: it is. Paths are quoted as in the file. */
export function baseUrlProblem(baseUrl: string): string | undefined {
  const { origin, pathname } = new URL(baseUrl);
  const endpoint = ENDPOINT.exec(pathname)?.[0];
  if (endpoint !== undefined) {
    const base = origin + pathname.slice(0, -endpoint.length);
    return `ends with the endpoint ${endpoint}, which is added to it: write ${base}`;
  }
  if (!VERSION_TWICE.test(pathname)) return undefined;
  return `has /v1 twice: write ${origin}${pathname.slice(0, -"/v1".length)}`;
}

/**
 * Like `baseUrlProblem`, for servers with OpenAI's dialects. Most answer below `/v1`, so an address without a path is
 * a mistake unless it ends with a slash.
 */
export function openAiBaseUrlProblem(baseUrl: string): string | undefined {
  const problem = baseUrlProblem(baseUrl);
  if (problem !== undefined || baseUrl.endsWith("/")) return problem;
  const { origin, pathname } = new URL(baseUrl);
  if (pathname !== "/") return undefined;
  return `has no path: write ${origin}/v1, or ${origin}/ for a server that answers at its root`;
}
