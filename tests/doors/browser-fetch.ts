// `fetch` as a page of another origin has it: a preflight first, and only what the answer allows.

/** Methods, headers and values that a browser sends without asking. */
const SIMPLE_METHODS = new Set(["GET", "HEAD", "POST"]);
const SIMPLE_HEADERS = new Set(["accept", "accept-language", "content-language"]);
const SIMPLE_TYPES = /^(?:application\/x-www-form-urlencoded|multipart\/form-data|text\/plain)\b/;
/** Headers that a page can read without being allowed to. */
const READABLE = new Set([
  "cache-control",
  "content-language",
  "content-length",
  "content-type",
  "expires",
  "last-modified",
  "pragma",
]);

/** What a browser rejects with. */
export class BlockedByCors extends Error {
  override readonly name = "BlockedByCors";
}

function listOf(headers: Headers, name: string): Set<string> {
  const text = headers.get(name) ?? "";
  return new Set(text.split(",").map((each) => each.trim().toLowerCase()));
}

function isSimple(name: string, value: string): boolean {
  return SIMPLE_HEADERS.has(name) || (name === "content-type" && SIMPLE_TYPES.test(value));
}

function requireOrigin(response: Response, origin: string, what: string): void {
  const allowed = response.headers.get("access-control-allow-origin");
  if (allowed === origin || allowed === "*") return;
  throw new BlockedByCors(`${what}: access-control-allow-origin is ${allowed}`);
}

async function ask(origin: string, request: Request, asked: readonly string[]): Promise<void> {
  const answer = await fetch(request.url, {
    method: "OPTIONS",
    headers: {
      origin,
      "access-control-request-method": request.method,
      ...(asked.length > 0 && { "access-control-request-headers": asked.join(",") }),
    },
  });
  await answer.body?.cancel();
  if (!answer.ok) throw new BlockedByCors(`the preflight has status ${answer.status}`);
  requireOrigin(answer, origin, "preflight");
  const methods = listOf(answer.headers, "access-control-allow-methods");
  if (!SIMPLE_METHODS.has(request.method) && !methods.has(request.method.toLowerCase())) {
    throw new BlockedByCors(`the method ${request.method} is not allowed`);
  }
  const headers = listOf(answer.headers, "access-control-allow-headers");
  const refused = asked.filter((name) => !headers.has(name));
  if (refused.length > 0) throw new BlockedByCors(`the headers ${refused.join()} are not allowed`);
}

/** Headers that the page is not allowed to see are taken away. */
function readable(response: Response): Response {
  const exposed = listOf(response.headers, "access-control-expose-headers");
  const headers = new Headers();
  for (const [name, value] of response.headers) {
    if (READABLE.has(name) || exposed.has(name)) headers.set(name, value);
  }
  const { status, statusText, body } = response;
  return new Response(body, { status, statusText, headers });
}

/** `fetch` of a page of this origin. Rejects with `BlockedByCors` where a browser lets nothing through. */
export function browserFetch(origin: string): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const asked = [...request.headers]
      .filter(([name, value]) => !isSimple(name, value))
      .map(([name]) => name)
      .sort();
    if (asked.length > 0 || !SIMPLE_METHODS.has(request.method)) await ask(origin, request, asked);
    const headers = new Headers(request.headers);
    headers.set("origin", origin);
    const response = await fetch(input, { ...init, headers });
    requireOrigin(response, origin, "answer");
    return readable(response);
  };
}
