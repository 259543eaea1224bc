import { type AddressInfo, createServer, type Socket } from "node:net";
import { expect, it } from "vitest";
import { systemClock } from "../../../../src/clock.ts";
import { createUpstream } from "../../../../src/providers/shared/upstream.ts";

it("closing does not wait for a connection that nobody waits for", async () => {
  const sockets: Socket[] = [];
  // It takes connections and never says a word of TLS.
  const server = createServer((socket) => {
    sockets.push(socket.on("error", () => {}));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const upstream = createUpstream(`https://127.0.0.1:${port}`, systemClock);
  const request = { path: "/", headers: {}, body: "{}", connectTimeoutMs: 50 };
  await expect(upstream.send(request, new AbortController().signal)).rejects.toMatchObject({
    kind: "connect-timeout",
  });
  await upstream.close();
  for (const socket of sockets) socket.destroy();
  server.close();
});
