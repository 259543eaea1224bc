import http, { type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { isAddressHost, isLocalHost } from "../calls/local-host.ts";
import type { Clock } from "../clock.ts";
import { GREETING_TIMEOUT_MS, type ListenAddress, listen } from "./listen.ts";

/** Scrapers are few; a page of metrics can be megabytes long. */
const MAX_CONNECTIONS = 32;
const MAX_HEADER_BYTES = 8 * 1024;
/** Longest time for an answer to reach its reader, in milliseconds. */
const ANSWER_TIMEOUT_MS = 30_000;
/** Between two scrapes a connection is idle for a minute at the usual interval. */
const KEEP_ALIVE_MS = 65_000;
/**
 * The metrics are collected at most once in this time, in milliseconds: a collection takes the event loop from all
 * calls. Prometheus asks less often.
 */
const FRESH_MS = 1_000;

const OPTIONS = {
  maxHeaderSize: MAX_HEADER_BYTES,
  headersTimeout: GREETING_TIMEOUT_MS,
  requestTimeout: GREETING_TIMEOUT_MS,
  keepAliveTimeout: KEEP_ALIVE_MS,
} as const;

const CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

export interface MetricsListenerOptions {
  readonly address: ListenAddress;
  readonly clock: Clock;
  /** The metrics in Prometheus' text format. */
  readonly read: () => Promise<string>;
  /** Names by which this machine may be called, beside addresses and the loopback names; in lower case. */
  readonly hosts: () => readonly string[];
  /** The metrics could not be read, and the answer was 500. */
  readonly onDefect: (error: unknown) => void;
}

export interface MetricsListener {
  readonly address: ListenAddress;
  /** Cuts answers that are under way. */
  close(): Promise<void>;
}

/** The same page for all who ask within a second. */
class FreshPage {
  readonly #options: Pick<MetricsListenerOptions, "clock" | "read">;
  #page: Promise<Buffer> | undefined;

  constructor(options: Pick<MetricsListenerOptions, "clock" | "read">) {
    this.#options = options;
  }

  get(): Promise<Buffer> {
    this.#page ??= this.#collect();
    return this.#page;
  }

  async #collect(): Promise<Buffer> {
    const { clock, read } = this.#options;
    clock.schedule(FRESH_MS, () => {
      this.#page = undefined;
    });
    return Buffer.from(await read());
  }
}

interface Refusal {
  readonly status: number;
  readonly text: string;
  readonly allow?: string;
}

/** Why a request gets no metrics; undefined: it gets them. */
function refusalOf(request: IncomingMessage, hosts: readonly string[]): Refusal | undefined {
  const { method, url, headers } = request;
  const host = headers.host ?? "";
  // A page that is rebound to this address still sends its own name.
  if (!isAddressHost(host) && !isLocalHost(host, hosts)) {
    return { status: 403, text: "call an address, or add the name to http.hosts" };
  }
  if (url?.split("?", 1)[0] !== "/metrics") return { status: 404, text: "only /metrics is here" };
  if (method !== "GET" && method !== "HEAD") {
    return { status: 405, text: "send a GET", allow: "GET, HEAD" };
  }
  const { "content-length": length = "0", "transfer-encoding": coding } = headers;
  if (coding !== undefined || length !== "0") return { status: 413, text: "send no body" };
  return undefined;
}

function refuse(response: ServerResponse, { status, text, allow }: Refusal): void {
  // Nothing more is read from a connection that has broken a rule.
  const headers = { "content-type": "text/plain", connection: "close", ...(allow && { allow }) };
  response.writeHead(status, headers).end(`${text}\n`);
}

/**
 * `/metrics` for Prometheus, on an address of its own so that a firewall can tell scrapers from callers. No credential
 * is needed.
 */
export async function createMetricsListener(
  options: MetricsListenerOptions,
): Promise<MetricsListener> {
  const { clock, hosts, onDefect } = options;
  const page = new FreshPage(options);
  const sockets = new Set<Socket>();

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = refusalOf(request, hosts());
    if (refusal !== undefined) return refuse(response, refusal);
    const stop = clock.schedule(ANSWER_TIMEOUT_MS, () => request.socket.destroy());
    response.once("close", stop);
    try {
      const body = await page.get();
      const headers = { "content-type": CONTENT_TYPE, "content-length": body.length };
      // Node sends no body after HEAD.
      response.writeHead(200, headers).end(body);
    } catch (error) {
      onDefect(error);
      refuse(response, { status: 500, text: "the metrics could not be read" });
    }
  }

  const server = http.createServer(OPTIONS, (request, response) => void answer(request, response));
  server.maxConnections = MAX_CONNECTIONS;
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  const { address } = await listen(server, options.address, "the listener of the metrics");
  return {
    address,
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
