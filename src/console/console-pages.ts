import { hash } from "node:crypto";
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { isAddressHost, isLocalHost } from "../calls/local-host.ts";
import type { ConsoleFile, ConsoleFiles } from "./console-files.ts";

/** Path of the console, without a slash at its end. */
export const CONSOLE_PATH = "/console";
const INDEX = "index.html";
/** Files with a hash of their content in their names. */
const HASHED = "assets/";

/** Nothing from elsewhere, nothing inline, in no frame. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "font-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const PROTECTION = {
  "content-security-policy": POLICY,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
} as const;

const TEXT = { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" } as const;
const NOT_BUILT =
  "The console is not built. `npm ci` builds it with its other steps, and so does `npm run console:build`; then restart the service.\n";

export interface ConsolePagesOptions {
  readonly files: ConsoleFiles;
  /**
   * Names of this machine, in lower case, that a request must give as its Host, beside addresses and the loopback
   * names; undefined: callers have keys, and every name is served.
   */
  readonly hosts: () => readonly string[] | undefined;
}

interface Answer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body?: string | Buffer;
}

/** A file that is ready to be sent. */
interface Page extends ConsoleFile {
  readonly etag: string;
  readonly caching: string;
}

function toPage(path: string, file: ConsoleFile): Page {
  return {
    ...file,
    etag: `"${hash("sha256", file.plain).slice(0, 16)}"`,
    caching: path.startsWith(HASHED) ? "public, max-age=31536000, immutable" : "no-cache",
  };
}

/** `gzip` without a quality of 0. */
function takesGzip({ "accept-encoding": accepted }: IncomingMessage["headers"]): boolean {
  const codings = [accepted ?? []].flat().join(",").split(",");
  return codings.some((coding) => /^\s*(?:gzip|\*)\s*(?:;\s*q=(?!0(?:\.0*)?\s*$)|$)/i.test(coding));
}

function fileAnswer({ etag, caching, type, plain, gzip }: Page, request: IncomingMessage): Answer {
  const { "if-none-match": known } = request.headers;
  const headers = { etag, "cache-control": caching, vary: "accept-encoding" };
  if (known?.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag)) {
    return { status: 304, headers };
  }
  const isSmall = gzip !== undefined && takesGzip(request.headers);
  return {
    status: 200,
    headers: {
      ...headers,
      "content-type": type,
      ...(isSmall && { "content-encoding": "gzip" }),
    },
    body: isSmall ? gzip : plain,
  };
}

const text = (status: number, body: string, headers: OutgoingHttpHeaders = {}): Answer => ({
  status,
  headers: { ...TEXT, ...headers },
  body,
});

/** The pages of the console, from memory. */
export class ConsolePages {
  readonly #pages: ReadonlyMap<string, Page>;
  readonly #hosts: ConsolePagesOptions["hosts"];

  constructor({ files, hosts }: ConsolePagesOptions) {
    this.#pages = new Map([...files].map(([path, file]) => [path, toPage(path, file)]));
    this.#hosts = hosts;
  }

  /** Answers a request for the console; false: the path is another. */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    const path = request.url?.split("?", 1)[0] ?? "";
    if (path !== CONSOLE_PATH && !path.startsWith(`${CONSOLE_PATH}/`)) return false;
    const { status, headers, body = "" } = this.#answer(path.slice(CONSOLE_PATH.length), request);
    const length = status === 304 ? {} : { "content-length": Buffer.byteLength(body) };
    response.writeHead(status, { ...PROTECTION, ...headers, ...length });
    response.end(request.method === "HEAD" ? undefined : body);
    return true;
  }

  /** `path` is "" or begins with a slash. */
  #answer(path: string, request: IncomingMessage): Answer {
    const { method, headers } = request;
    const known = this.#hosts();
    const host = [headers[":authority"] ?? headers.host].flat()[0] ?? "";
    // After DNS rebinding, a page still sends its own name.
    if (known !== undefined && !isAddressHost(host) && !isLocalHost(host, known)) {
      return text(403, "Call localhost or an address, or add the name to http.hosts.\n");
    }
    if (method !== "GET" && method !== "HEAD") {
      return text(405, "Send a GET.\n", { allow: "GET, HEAD" });
    }
    // Relative, because a proxy can serve the console below a path of its own.
    if (path === "") return text(307, "", { location: `${CONSOLE_PATH.slice(1)}/` });
    if (this.#pages.size === 0) return text(404, NOT_BUILT);
    const page = this.#pages.get(path === "/" ? INDEX : path.slice(1));
    return page === undefined ? text(404, "There is no such file.\n") : fileAnswer(page, request);
  }
}
