import { once } from "node:events";
import net, { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { addressText, emptied, listen } from "../../../src/rpc/listen.ts";
import { peerOf } from "../../../src/rpc/peer.ts";
import { openHttp2Pair } from "../../support/http2-pair.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { eventually } from "../../support/stack.ts";

describe("the address of a listener", () => {
  it("has IPv6 in brackets", () => {
    expect(addressText({ host: "127.0.0.1", port: 80 })).toBe("127.0.0.1:80");
    expect(addressText({ host: "::1", port: 80 })).toBe("[::1]:80");
  });

  it("is the one that was taken", async () => {
    const server = createServer();
    const { address: taken } = await listen(server, { host: "127.0.0.1", port: 0 }, "it");
    expect(taken).toEqual({ host: "127.0.0.1", port: (server.address() as net.AddressInfo).port });
    // What goes wrong later is no business of the one who has listened.
    expect(server.listenerCount("error")).toBe(0);
    const again = listen(createServer(), taken, "the gRPC listener");
    await expect(again).rejects.toThrow(
      `the gRPC listener cannot listen on 127.0.0.1:${taken.port}: the port is taken`,
    );
    server.close();
  });

  it("that nobody has here is named with the reason", async () => {
    // An address of documentation: no machine has it.
    const wanted = listen(createServer(), { host: "192.0.2.1", port: 80 }, "it");
    await expect(wanted).rejects.toThrow("it cannot listen on 192.0.2.1:80: EADDRNOTAVAIL");
  });
});

describe("the sockets of a listener that closes", () => {
  async function connect(count: number) {
    const server = createServer();
    const sockets = new Set<net.Socket>();
    server.on("connection", (socket) => {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.once("close", () => sockets.delete(socket));
    });
    const { address } = await listen(server, { host: "127.0.0.1", port: 0 }, "it");
    const { port } = address;
    const clients = Array.from({ length: count }, () => net.connect(port, "127.0.0.1"));
    await eventually(() => sockets.size === count);
    const clock = createManualClock();
    let isEmpty = false;
    void emptied(sockets, clock).then(() => {
      isEmpty = true;
    });
    return {
      clock,
      sockets,
      isEmpty: () => isEmpty,
      end() {
        for (const client of clients) client.destroy();
        server.close();
      },
    };
  }

  it("are waited for until the last is closed", async () => {
    const set = await connect(2);
    const [one, other] = set.sockets;
    one?.destroy();
    await eventually(() => set.sockets.size === 1);
    expect(set.isEmpty()).toBe(false);
    other?.destroy();
    await eventually(() => set.isEmpty());
    expect(set.clock.pendingTimers).toBe(0);
    set.end();
  });

  it("are waited for half a second at most, and not at all where there is none", async () => {
    const set = await connect(1);
    await set.clock.advance(499);
    expect(set.isEmpty()).toBe(false);
    await set.clock.advance(1);
    expect(set.isEmpty()).toBe(true);
    set.end();
    const none = await connect(0);
    await none.clock.advance(0);
    expect([none.isEmpty(), none.clock.pendingTimers]).toEqual([true, 0]);
    none.end();
  });
});

describe("who is at the other end", () => {
  it("is known by its address, and is asked once", async () => {
    using pair = await openHttp2Pair();
    const peer = peerOf(pair.session);
    expect(peer).toEqual({ address: "127.0.0.1", certificateNames: [] });
    const closed = once(pair.session, "close");
    pair.session.destroy();
    await closed;
    expect(peerOf(pair.session)).toBe(peer);
  });

  it("is nobody where the connection is lost", () => {
    expect(peerOf(new net.Socket())).toEqual({ address: "", certificateNames: [] });
  });
});
