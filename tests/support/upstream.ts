import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as delay, setImmediate as nextTurn } from "node:timers/promises";
import { isJsonObject, type JsonObject } from "../../src/domain/json.ts";
import { chatDialect } from "./upstream/chat.ts";
import { messagesDialect } from "./upstream/messages.ts";
import { responsesDialect } from "./upstream/responses.ts";
import {
  forcedTool,
  JSON_WORDS,
  prefixOf,
  says,
  scriptOf,
  type UpstreamAnswer,
  type UpstreamFault,
  type WireDialect,
} from "./upstream/script.ts";

const DIALECTS: Readonly<Record<string, WireDialect>> = {
  "/v1/chat/completions": chatDialect(false),
  "/xai/v1/chat/completions": chatDialect(true),
  "/v1/responses": responsesDialect,
  "/v1/messages": messagesDialect,
};

const COUNT_PATH = "/v1/messages/count_tokens";
/** The answer of the vendor's counter to every request. */
export const COUNTED_TOKENS = 31;

/** Interval of pings in a stalled stream, as vendors send them. */
const PING_MS = 50;

export const DEFAULT_TEXT = "Every wave carries a word of it from the far shore, café, 東京, 🚀. ";

/** Arguments of every call, and the answer to a prompt that asks for JSON. */
export const JSON_TEXT = '{"city":"Köln"}';

/** A received request, and the state of its connection. */
export interface RecordedRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: JsonObject;
  /** `performance.now()` at its arrival. */
  readonly receivedAt: number;
  /** `performance.now()` when its first content was written. */
  contentAt: number | undefined;
  /** Content events written so far. */
  sent: number;
  /** `performance.now()` when the client closed the connection before the end of the answer. */
  closedAt: number | undefined;
}

export interface Upstream {
  /** `http://127.0.0.1:PORT`; an API's own path is appended. */
  readonly url: string;
  readonly requests: RecordedRequest[];
  /** Models of which every request fails like this, whatever its script. */
  readonly outages: Map<string, UpstreamFault>;
  /** Number of open connections. */
  readonly connections: number;
  /** From now on, streams wait for `release` before every content event, as counts and held failures do. */
  hold(): void;
  /** Allows this many content events, for any waiting streams. */
  release(events: number): void;
  close(): Promise<void>;
}

function parsedBody(text: string): JsonObject | undefined {
  try {
    const parsed: unknown = JSON.parse(text || "{}");
    return isJsonObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** Resolves when the reader accepts more or is gone. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off("drain", done);
      response.off("close", done);
      resolve();
    };
    response.on("drain", done);
    response.on("close", done);
  });
}

/** The answer of a model that continues after `prefix`: the rest, or with `echo` a repetition first. */
function withoutPrefix(text: string, prefix: string, echo: boolean): string {
  return echo || !text.startsWith(prefix) ? text : text.slice(prefix.length);
}

function answerOf(
  body: JsonObject,
  index: number,
  fault: UpstreamFault | undefined,
): UpstreamAnswer {
  const script = scriptOf(body);
  const tool = forcedTool(body);
  const text = withoutPrefix(
    fault?.text ?? script.text ?? (says(body, JSON_WORDS) ? JSON_TEXT : DEFAULT_TEXT),
    prefixOf(body),
    script.echo === true,
  );
  const tokens =
    script.tokens === undefined
      ? (text.match(/\s*\S+\s*?/gu) ?? [])
      : Array.from({ length: script.tokens }, (_, position) => `word${position} `);
  const streamOptions = body["stream_options"];
  return {
    id: `answer_${index}`,
    model: `${String(body["model"])}-2026`,
    reasoning: script.reasoning ?? "",
    refusal: script.refusal ?? "",
    tokens,
    tool: tool === undefined ? undefined : { id: `call_${index}`, name: tool, json: JSON_TEXT },
    inputTokens: 12,
    outputTokens: tokens.length + (script.reasoning === undefined ? 0 : 3),
    withUsage: isJsonObject(streamOptions) && streamOptions["include_usage"] === true,
  };
}

/** A server with the vendors' APIs over real sockets that fails as its requests say. Port 0: any free port. */
export async function startUpstream(listenOn = 0): Promise<Upstream> {
  const requests: RecordedRequest[] = [];
  const outages = new Map<string, UpstreamFault>();
  let tickets = Number.POSITIVE_INFINITY;
  const waiting = new Set<() => void>();

  /** Waits until the stream may send its next event; false: its client is gone. */
  async function ticket(response: ServerResponse): Promise<boolean> {
    while (tickets <= 0 && !response.destroyed) {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          response.off("close", done);
          waiting.delete(done);
          resolve();
        };
        waiting.add(done);
        response.on("close", done);
      });
    }
    if (response.destroyed) return false;
    tickets--;
    return true;
  }

  async function sendStream(
    response: ServerResponse,
    recorded: RecordedRequest,
    answer: UpstreamAnswer,
    dialect: WireDialect,
    fault: UpstreamFault | undefined,
  ): Promise<void> {
    const script = scriptOf(recorded.body);
    response.writeHead(200, { "content-type": "text/event-stream", "x-request-id": answer.id });
    response.flushHeaders();
    if (script.first_token_ms !== undefined) await delay(script.first_token_ms);
    let position = 0;
    let bytes = 0;
    const write = (text: string): boolean => {
      const left = (fault?.cut_after_bytes ?? Number.POSITIVE_INFINITY) - bytes;
      const chunk = Buffer.from(text);
      response.write(chunk.subarray(0, Math.max(0, left)));
      bytes += chunk.length;
      return chunk.length <= left;
    };
    const cut = async (): Promise<void> => {
      // Written bytes must leave before the connection breaks.
      await delay(10);
      response.destroy();
    };
    const all = dialect.events(answer);
    const isOpen = fault?.omit_terminator === true;
    const events = isOpen ? all.slice(0, all.findLastIndex(({ content }) => content) + 1) : all;
    for (const event of events) {
      if (response.destroyed) return;
      if (event.content) {
        if (fault?.stall_after_events === position) {
          const pings = setInterval(() => response.write(dialect.ping()), PING_MS);
          return void response.once("close", () => clearInterval(pings));
        }
        if (fault?.malformed_at === position) return void response.end(dialect.malformed());
        if (fault?.error_at === position) return void response.end(dialect.error());
        if (!(await ticket(response))) return;
        if (position > 0 && script.pace_ms !== undefined) await delay(script.pace_ms);
        position++;
      }
      if (!write(event.text)) return cut();
      if (response.writableNeedDrain) await drained(response);
      if (event.content) {
        recorded.sent++;
        recorded.contentAt ??= performance.now();
      }
      await nextTurn();
    }
    if (!isOpen && !write(dialect.terminator(answer, events.length))) return cut();
    response.end();
  }

  async function answerRequest(response: ServerResponse, recorded: RecordedRequest): Promise<void> {
    const { body, path } = recorded;
    if (path === COUNT_PATH) {
      if (!(await ticket(response))) return;
      const failure = outages.get(String(body["model"]))?.status;
      response.writeHead(failure ?? 200, { "content-type": "application/json" });
      return void response.end(JSON.stringify(failure ? {} : { input_tokens: COUNTED_TOKENS }));
    }
    const dialect = DIALECTS[path];
    if (dialect === undefined) return void response.writeHead(404).end("{}");
    const script = scriptOf(body);
    const faults = script.faults ?? [];
    // Attempts of one call share their script.
    const key = JSON.stringify(faults);
    const attempt = requests.filter(
      (other) => JSON.stringify(scriptOf(other.body).faults ?? []) === key,
    ).length;
    const outage = outages.get(String(body["model"]));
    const fault = outage ?? faults.find((each) => each.attempt === attempt);
    if (fault?.held === true && !(await ticket(response))) return;
    if (fault?.refuse === true) return void response.destroy();
    if (fault?.cut_headers === true) {
      response.socket?.write("HTTP/1.1 200 OK\r\ncontent-ty");
      await delay(10);
      return void response.destroy();
    }
    if (fault?.status !== undefined) {
      const text = typeof fault.body === "string" ? fault.body : JSON.stringify(fault.body ?? {});
      return void response
        .writeHead(fault.status, { "content-type": "application/json", ...fault.headers })
        .end(text);
    }
    const answer = answerOf(body, requests.length, fault);
    if (body["stream"] === true) return sendStream(response, recorded, answer, dialect, fault);
    if (fault?.stall_after_events !== undefined) return;
    if (script.first_token_ms !== undefined) await delay(script.first_token_ms);
    const text = JSON.stringify(dialect.whole(answer));
    response.writeHead(200, { "content-type": "application/json", "x-request-id": answer.id });
    if (fault?.malformed_at !== undefined) return void response.end(text.slice(0, -2));
    if (fault?.error_at !== undefined) {
      return void response.end(JSON.stringify(dialect.failure(answer)));
    }
    if (fault?.cut_after_bytes !== undefined) {
      response.write(text.slice(0, fault.cut_after_bytes));
      await delay(10);
      return void response.destroy();
    }
    recorded.contentAt = performance.now();
    response.end(text);
  }

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const parsed = parsedBody(Buffer.concat(chunks).toString("utf8"));
      if (parsed === undefined) return void response.writeHead(400).end("{}");
      const recorded: RecordedRequest = {
        path: request.url ?? "",
        headers: request.headers,
        body: parsed,
        receivedAt: performance.now(),
        contentAt: undefined,
        sent: 0,
        closedAt: undefined,
      };
      requests.push(recorded);
      response.on("close", () => {
        if (!response.writableFinished) recorded.closedAt = performance.now();
      });
      void answerRequest(response, recorded);
    });
  });
  server.keepAliveTimeout = 60_000;
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(listenOn, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    outages,
    get connections() {
      return sockets.size;
    },
    hold() {
      tickets = 0;
    },
    release(events) {
      tickets += events;
      for (const wake of [...waiting]) wake();
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
