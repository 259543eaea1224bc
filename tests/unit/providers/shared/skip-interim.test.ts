import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../../../src/clock.ts";
import { skipInterim } from "../../../../src/providers/shared/skip-interim.ts";
import { createUpstream } from "../../../../src/providers/shared/upstream.ts";

const INTERIM = "HTTP/1.1 100 Continue\r\n\r\n";
const ANSWER = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/** What two requests on one connection get where every answer comes in these pieces. */
async function texts(pieces: readonly string[]): Promise<string[]> {
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    socket.setNoDelay(true);
    socket.on("error", () => {});
    socket.on("data", async (bytes: Buffer) => {
      if (!bytes.toString("latin1").endsWith("{}")) return;
      for (const piece of pieces) {
        socket.write(piece);
        await nextTurn();
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const upstream = createUpstream(`http://127.0.0.1:${port}`, systemClock);
  const got: string[] = [];
  for (let turn = 0; turn < 2; turn++) {
    const request = { path: "/", headers: {}, body: "{}", connectTimeoutMs: 5_000 };
    const response = await upstream.send(request, new AbortController().signal);
    got.push(`${response.status} ${await response.text()}`);
    await nextTurn();
  }
  await upstream.close();
  server.close();
  expect(connections).toBe(1);
  return got;
}

describe("interim answers", () => {
  it.each([
    ["one", INTERIM],
    ["two", INTERIM + INTERIM],
    ["one with headers", "HTTP/1.1 100 Continue\r\ndate: x\r\nx-a: HTTP/1.1 100 \r\n\r\n"],
    ["one without a reason", "HTTP/1.1 100 \r\n\r\n"],
    ["of several kinds", `HTTP/1.1 102 Processing\r\n\r\n${INTERIM}HTTP/1.1 103 Hints\r\n\r\n`],
    ["none", ""],
  ])("%s, in one piece and in every split", async (_name, interim) => {
    const all = interim + ANSWER;
    expect(await texts([all])).toEqual(["200 ok", "200 ok"]);
    expect(await texts([...all])).toEqual(["200 ok", "200 ok"]);
    for (let at = 1; at < interim.length + 16; at += 3) {
      expect(await texts([all.slice(0, at), all.slice(at)])).toEqual(["200 ok", "200 ok"]);
    }
  });

  it("are passed over without a loss where the stream looks for more itself", async () => {
    const server = createServer((peer) => peer.write(INTERIM + ANSWER));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const socket = skipInterim(connect(port, "127.0.0.1"));
    socket.write("x");
    await once(socket, "readable");
    expect(socket.read(0)).toBeNull();
    expect(String(socket.read())).toBe(ANSWER);
    socket.destroy();
    server.close();
  });

  it("that never end are no answer", async () => {
    await expect(
      texts([`HTTP/1.1 100 Continue\r\n${"x: y\r\n".repeat(20_000)}`]),
    ).rejects.toThrow();
  });
});
