import { readFileSync } from "node:fs";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, createServer, type Server } from "node:net";
import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { type Clock, systemClock } from "../../../../src/clock.ts";
import { pushItemsTo } from "../../../../src/domain/push-iterable.ts";
import {
  createUpstream,
  type UpstreamRequest,
  type UpstreamResponse,
} from "../../../../src/providers/shared/upstream.ts";
import { startHttpUpstream } from "../../../support/http-upstream.ts";

const REASON = new Error("stop");

function post(overrides: Partial<UpstreamRequest> = {}): UpstreamRequest {
  return {
    path: "/v1/x",
    headers: { "content-type": "application/json" },
    body: "{}",
    connectTimeoutMs: 5_000,
    ...overrides,
  };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

const never = new AbortController().signal;

/** Lets the event loop turn, so that what is under way between two local sockets arrives. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await setImmediate();
}

/** Real time, but limits pass when the test says so. */
function steppedClock(): { clock: Clock; pass: () => void; pending: () => number } {
  const scheduled = new Set<() => void>();
  return {
    clock: {
      ...systemClock,
      schedule(_ms, callback) {
        scheduled.add(callback);
        return () => scheduled.delete(callback);
      },
    },
    pass() {
      for (const callback of scheduled) callback();
    },
    pending: () => scheduled.size,
  };
}

describe("send", () => {
  it("posts the body with its headers and gives status, headers and text", async () => {
    await using server = await startHttpUpstream(({ response }) => {
      response.writeHead(418, { "x-request-id": "req_1" }).end("tea");
    });
    const upstream = createUpstream(server.baseUrl, systemClock);
    const response = await upstream.send(post({ body: '{"a":"é"}' }), never);
    expect(response.status).toBe(418);
    expect(response.headers["x-request-id"]).toBe("req_1");
    expect(await response.text()).toBe("tea");
    const [seen] = server.seen;
    expect(seen?.body).toBe('{"a":"é"}');
    expect(seen?.request.url).toBe("/v1/x");
    expect(seen?.request.headers["content-type"]).toBe("application/json");
    await upstream.close();
  });

  it("keeps connections between requests", async () => {
    await using server = await startHttpUpstream(({ response }) => response.end("ok"));
    const upstream = createUpstream(server.baseUrl, systemClock);
    for (let call = 0; call < 20; call++) {
      expect(await (await upstream.send(post(), never)).text()).toBe("ok");
    }
    // A connection rests for one turn of the event loop before it serves again.
    expect(server.connections).toBeLessThanOrEqual(2);
    await upstream.close();
  });

  it("bounds the whole body", async () => {
    await using server = await startHttpUpstream(({ response }) => response.end("x".repeat(1_001)));
    const upstream = createUpstream(server.baseUrl, systemClock);
    const response = await upstream.send(post(), never);
    await expect(response.text(1_000)).rejects.toMatchObject({ kind: "protocol" });
    expect(await (await upstream.send(post(), never)).text(1_001)).toHaveLength(1_001);
    await upstream.close();
  });

  it("limits the time to a connection, the TLS handshake included", async () => {
    const { clock, pass } = steppedClock();
    const server = createServer((socket) => socket.on("error", () => {}));
    const accepted = new Promise((resolve) => server.once("connection", resolve));
    const port = await listen(server);
    const upstream = createUpstream(`https://127.0.0.1:${port}`, clock);
    const sent = upstream.send(post({ connectTimeoutMs: 70 }), never);
    await accepted;
    pass();
    await expect(sent).rejects.toMatchObject({
      kind: "connect-timeout",
      message: "no connection within 70 ms",
    });
    server.close();
  });

  it("ends the limit once the request is on a socket", async () => {
    const { clock, pending } = steppedClock();
    await using server = await startHttpUpstream(({ response }) => {
      expect(pending()).toBe(0);
      response.end("ok");
    });
    const upstream = createUpstream(server.baseUrl, clock);
    expect(await (await upstream.send(post(), never)).text()).toBe("ok");
    await upstream.close();
  });

  it("refuses a certificate that nobody vouches for, and says that a retry is in vain", async () => {
    const file = (name: string) =>
      readFileSync(new URL(`../../../fixtures/tls/${name}`, import.meta.url));
    const server = createHttpsServer({
      key: file("self-signed.key"),
      cert: file("self-signed.crt"),
    });
    const port = await listen(server);
    const upstream = createUpstream(`https://localhost:${port}`, systemClock);
    await expect(upstream.send(post(), never)).rejects.toMatchObject({
      kind: "network",
      providerFailure: { code: "DEPTH_ZERO_SELF_SIGNED_CERT", shouldRetry: false },
    });
    server.close();
  });
});

/** The next piece of a body. */
async function next({ body }: UpstreamResponse): Promise<Uint8Array | undefined> {
  const { value } = await body[Symbol.asyncIterator]().next();
  return value;
}

describe("an abort", () => {
  /** Aborts while `stage` lasts; resolves to the milliseconds until the server saw its socket close. */
  async function abortDuring(
    stage: "before the headers" | "in the body" | "in a whole body",
  ): Promise<number> {
    const closed = Promise.withResolvers<number>();
    const arrived = Promise.withResolvers<void>();
    await using server = await startHttpUpstream(({ response }) => {
      response.on("close", () => closed.resolve(performance.now()));
      if (stage !== "before the headers") response.write("data: 1\n\n");
      arrived.resolve();
    });
    const upstream = createUpstream(server.baseUrl, systemClock);
    const controller = new AbortController();
    const sent = upstream.send(post(), controller.signal);
    let pending: Promise<unknown> = sent;
    if (stage === "before the headers") await arrived.promise;
    else {
      const response = await sent;
      const body = response.body[Symbol.asyncIterator]();
      if (stage === "in the body") await body.next();
      pending = stage === "in the body" ? body.next() : response.text();
    }
    const start = performance.now();
    controller.abort(REASON);
    await expect(pending).rejects.toBe(REASON);
    return (await closed.promise) - start;
  }

  it.each(["before the headers", "in the body", "in a whole body"] as const)(
    "closes the socket within 100 ms %s",
    async (stage) => {
      expect(await abortDuring(stage)).toBeLessThan(100);
    },
  );

  it("ends a request that waits for a connection, and sends it never", async () => {
    const server = createServer((socket) => socket.on("error", () => {}));
    const accepted = new Promise((resolve) => server.once("connection", resolve));
    const port = await listen(server);
    const upstream = createUpstream(`https://127.0.0.1:${port}`, systemClock);
    const controller = new AbortController();
    const sent = upstream.send(post(), controller.signal);
    await accepted;
    controller.abort(REASON);
    await expect(sent).rejects.toBe(REASON);
    server.close();
  });

  it("leaves the pool fit for the next calls", async () => {
    await using server = await startHttpUpstream(({ response, body }) => {
      if (body === "{}") response.end("ok");
    });
    const upstream = createUpstream(server.baseUrl, systemClock);
    for (let call = 0; call < 200; call++) {
      const controller = new AbortController();
      const sent = upstream.send(post({ body: '"hang"' }), controller.signal);
      controller.abort(REASON);
      await expect(sent).rejects.toBe(REASON);
    }
    expect(await (await upstream.send(post(), never)).text()).toBe("ok");
    await upstream.close();
  });

  it("drops what was not read yet", async () => {
    await using server = await startHttpUpstream(({ response }) => response.write("data"));
    const upstream = createUpstream(server.baseUrl, systemClock);
    const controller = new AbortController();
    const response = await upstream.send(post(), controller.signal);
    controller.abort(REASON);
    await expect(next(response)).rejects.toBe(REASON);
  });
});

describe("the end of reading", () => {
  it("closes the socket of a body that goes on", async () => {
    const closed = Promise.withResolvers<void>();
    await using server = await startHttpUpstream(({ response }) => {
      response.on("close", () => closed.resolve());
      response.write("data: 1\n\n");
    });
    const upstream = createUpstream(server.baseUrl, systemClock);
    const response = await upstream.send(post(), never);
    await next(response);
    response.close();
    await closed.promise;
  });

  it("keeps the connection of a released body that ends", async () => {
    const finish = Promise.withResolvers<() => void>();
    await using server = await startHttpUpstream(({ response, body }) => {
      if (body === "{}") return response.end("ok");
      response.write("data: [DONE]\n\n");
      return finish.resolve(() => response.end("\n"));
    });
    const upstream = createUpstream(server.baseUrl, steppedClock().clock);
    const response = await upstream.send(post({ body: '"stream"' }), never);
    await next(response);
    response.release();
    response.close();
    (await finish.promise)();
    await turns(100);
    expect(await (await upstream.send(post(), never)).text()).toBe("ok");
    expect(server.connections).toBe(1);
    await upstream.close();
  });

  it("is after the piece with which the body was released, and never before it is taken", async () => {
    const begun = Promise.withResolvers<(text: string) => void>();
    await using server = await startHttpUpstream(({ response }) => {
      response.write("1");
      begun.resolve((text) => void response.write(text));
    });
    const upstream = createUpstream(server.baseUrl, steppedClock().clock);
    const response = await upstream.send(post(), never);
    const seen: string[] = [];
    const taken = Promise.withResolvers<void>();
    const given = Promise.withResolvers<void>();
    let hasEnded = false;
    const reading = pushItemsTo(response.body, (piece) => {
      seen.push(Buffer.from(piece).toString());
      if (seen.length === 1) return undefined;
      response.release();
      given.resolve();
      return taken.promise;
    }).then(() => {
      hasEnded = true;
    });
    await turns(10);
    (await begun.promise)("2");
    await given.promise;
    await turns(10);
    expect(hasEnded).toBe(false);
    taken.resolve();
    await reading;
    expect(seen).toEqual(["1", "2"]);
    await upstream.close();
  });

  it("closes the socket of a released body that does not end", async () => {
    const { clock, pass } = steppedClock();
    const closed = Promise.withResolvers<void>();
    await using server = await startHttpUpstream(({ response }) => {
      response.on("close", () => closed.resolve());
      response.write("data: [DONE]\n\n");
    });
    const upstream = createUpstream(server.baseUrl, clock);
    const response = await upstream.send(post(), never);
    await next(response);
    response.release();
    pass();
    await closed.promise;
  });

  it("holds a fast server back while nobody reads", async () => {
    let written = 0;
    await using server = await startHttpUpstream(({ response }) => {
      const block = Buffer.alloc(64 * 1024);
      const write = (): void => {
        do written += block.length;
        while (response.write(block) && written < 256 * 1024 * 1024);
        response.once("drain", write);
      };
      write();
    });
    const upstream = createUpstream(server.baseUrl, systemClock);
    const response = await upstream.send(post(), never);
    for (let before = -1; before !== written; await turns(200)) before = written;
    expect(written).toBeLessThan(32 * 1024 * 1024);
    const unread = written;
    let taken = 0;
    const slow = Promise.withResolvers<void>();
    const read = response.body.pushTo((piece) => {
      taken += piece.length;
      // Nothing follows before the reader is done with the piece.
      return taken > unread ? undefined : slow.promise;
    });
    for (let before = -1; before !== written; await turns(200)) before = written;
    expect(taken).toBeGreaterThan(0);
    expect(taken).toBeLessThan(1024 * 1024);
    expect(written).toBeLessThan(32 * 1024 * 1024);
    slow.resolve();
    for (const before = written; written === before; ) await turns(1);
    response.close();
    await expect(read).rejects.toThrow();
  });
});
