// Real listeners and real connections, many of which are closed by their clients at once.
import { once } from "node:events";
import http from "node:http";
import net, { type Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import { systemClock } from "../../../src/clock.ts";
import { CloseTurns } from "../../../src/rpc/close-turns.ts";
import { deferAccept } from "../../../src/rpc/defer-accept.ts";
import { GREETING } from "../../attack/http2-frames.ts";
import { serveGrpc } from "../../support/served-grpc.ts";
import { eventually } from "../../support/stack.ts";

/** As the service says it. */
const A_TURN = 32;
/** Node reports the closes of one turn in the next, so that a slow poll can bring those of two. */
const MOST = 2 * A_TURN;
const CONNECTIONS = 300;

const served = serveGrpc();
const opened: Socket[] = [];
afterEach(() => {
  for (const socket of opened.splice(0)) socket.destroy();
});

async function openAll(port: number): Promise<void> {
  for (let index = 0; index < CONNECTIONS; index++) {
    const socket = net.connect(port, "127.0.0.1");
    socket.on("error", () => {});
    opened.push(socket);
    await once(socket, "connect");
  }
}

/** Most connections that the service closes in one turn of the event loop, until it has closed all. */
async function mostInATurn(closed: () => number): Promise<number> {
  let [most, before] = [0, 0];
  while (before < CONNECTIONS) {
    await nextTurn();
    most = Math.max(most, closed() - before);
    before = closed();
  }
  return most;
}

it("gRPC connections whose clients leave at once are closed a few in each turn", async () => {
  const { listener } = served;
  // The client of this file's calls has one too.
  await openAll(listener.address.port);
  await eventually(() => listener.connections === CONNECTIONS + 1);
  for (const socket of opened) socket.end();
  const closed = (): number => CONNECTIONS + 1 - listener.connections;
  expect(await mostInATurn(closed)).toBeLessThanOrEqual(MOST);
});

it("silent connections to the HTTP port are closed a few in each turn", async () => {
  const server = http.createServer();
  const front = deferAccept(server, systemClock);
  let [accepted, closed] = [0, 0];
  front.on("connection", (socket: Socket) => {
    accepted++;
    socket.once("close", () => closed++);
  });
  front.listen(0, "127.0.0.1");
  await once(front, "listening");
  try {
    await openAll((front.address() as net.AddressInfo).port);
    await eventually(() => accepted === CONNECTIONS);
    for (const socket of opened) socket.end();
    expect(await mostInATurn(() => closed)).toBeLessThanOrEqual(MOST);
  } finally {
    front.close();
    server.close();
  }
});

it("a client that closes its sending side ends its connection", async () => {
  const socket = net.connect({
    port: served.listener.address.port,
    host: "127.0.0.1",
    allowHalfOpen: true,
  });
  opened.push(socket);
  const ended = once(socket, "end");
  socket.resume();
  socket.end(GREETING);
  await ended;
});

it("a turn passes over connections that are lost meanwhile, and schedules nothing without work", () => {
  const due: (() => void)[] = [];
  const closes = new CloseTurns((next) => due.push(next));
  const sockets = Array.from({ length: A_TURN + 1 }, () => new net.Socket());
  for (const socket of sockets) closes.add(socket);
  sockets[0]?.destroy();
  expect(due).toHaveLength(1);
  due.shift()?.();
  const ended = sockets.map(({ writableEnded }) => writableEnded);
  expect(ended).toEqual([false, ...Array(A_TURN - 1).fill(true), false]);
  due.shift()?.();
  expect(sockets.at(-1)?.writableEnded).toBe(true);
  expect(due).toEqual([]);
});
