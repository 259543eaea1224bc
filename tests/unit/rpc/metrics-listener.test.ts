import net from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createMetricsListener, type MetricsListener } from "../../../src/rpc/metrics-listener.ts";
import { createManualClock, type ManualClock } from "../../support/manual-clock.ts";
import { requestRaw } from "../../support/raw-http.ts";

const PAGE = "steer_usage_dropped_total 1\n";

let clock: ManualClock;
let listener: MetricsListener;
let read: () => Promise<string>;
let reads: number;
let defects: unknown[];

beforeEach(async () => {
  clock = createManualClock();
  reads = 0;
  defects = [];
  read = async () => PAGE;
  listener = await createMetricsListener({
    address: { host: "127.0.0.1", port: 0 },
    clock,
    read() {
      reads++;
      return read();
    },
    hosts: () => ["steer-1"],
    onDefect: (error) => void defects.push(error),
  });
});

afterEach(() => listener.close());

const ask = (path = "/metrics", options: Parameters<typeof requestRaw>[1] = {}) =>
  requestRaw(`http://127.0.0.1:${listener.address.port}${path}`, { method: "GET", ...options });

describe("the listener of the metrics", () => {
  it("answers GET and HEAD in Prometheus' text format", async () => {
    const { status, headers, body } = await ask("/metrics?name[]=a");
    expect([status, body]).toEqual([200, PAGE]);
    expect(headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
    const head = await ask("/metrics", { method: "HEAD" });
    expect([head.status, head.body]).toEqual([200, ""]);
    expect(head.headers["content-length"]).toBe(String(PAGE.length));
  });

  it.each([
    [404, "/", {}],
    [404, "/metrics/more", {}],
    [405, "/metrics", { method: "POST" }],
    [405, "/metrics", { method: "DELETE" }],
    [413, "/metrics", { body: "a", headers: { "content-length": 1 } }],
    [413, "/metrics", { body: "a", headers: { "transfer-encoding": "chunked" } }],
    [403, "/metrics", { headers: { host: "rebound.test" } }],
    [403, "/metrics", { headers: { host: "10.0.0.1.rebound.test:9464" } }],
    [403, "/metrics", { headers: { host: "a b" } }],
    [431, "/metrics", { headers: { "x-long": "a".repeat(9_000) } }],
  ])("refuses with %i: %s %#", async (expected, path, options) => {
    const { status, headers, body } = await ask(path, options);
    expect(status).toBe(expected);
    expect(headers.connection).toBe("close");
    expect(body).not.toContain("steer_");
    expect(reads).toBe(0);
  });

  it.each(["localhost", "127.0.0.1", "10.0.0.7", "[fd00::1]", "steer-1"])(
    "can be called as %s",
    async (name) => {
      expect((await ask("/metrics", { headers: { host: `${name}:9464` } })).status).toBe(200);
    },
  );

  it("collects once for all who ask within a second", async () => {
    await Promise.all([ask(), ask(), ask()]);
    await ask();
    expect(reads).toBe(1);
    await clock.advance(1_000);
    await ask();
    expect(reads).toBe(2);
  });

  it("answers 500 without details if the metrics cannot be read, and collects again", async () => {
    const defect = new Error("of a secret");
    read = () => Promise.reject(defect);
    const { status, body } = await ask();
    expect([status, body]).toEqual([500, "the metrics could not be read\n"]);
    expect(defects).toEqual([defect]);
    read = async () => PAGE;
    await clock.advance(1_000);
    expect((await ask()).status).toBe(200);
  });

  it("cuts a connection whose answer takes half a minute", async () => {
    let begin = (): void => {};
    const asked = new Promise<void>((resolve) => {
      begin = resolve;
    });
    read = () => {
      begin();
      return new Promise(() => {});
    };
    const socket = net.connect(listener.address.port, "127.0.0.1");
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    socket.write("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await asked;
    await clock.advance(29_999);
    expect(socket.destroyed).toBe(false);
    await clock.advance(1);
    await closed;
  });

  it("names an address that is taken", async () => {
    const server = net.createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as net.AddressInfo;
    const started = createMetricsListener({
      address: { host: "127.0.0.1", port },
      clock,
      read,
      hosts: () => [],
      onDefect: () => {},
    });
    await expect(started).rejects.toThrow(/listener of the metrics.*the port is taken/);
    server.close();
  });
});
