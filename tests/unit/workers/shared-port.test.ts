// A port whose connections go to several workers. The workers here are objects, the connections are real.
import { once } from "node:events";
import net, { type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { type Receiver, SharedPort } from "../../../src/workers/shared-port.ts";
import { eventually } from "../../support/stack.ts";

const HERE = { host: "127.0.0.1", port: 0 };

let port: SharedPort;
let clients: Socket[] = [];

afterEach(() => {
  port.close();
  for (const client of clients) client.destroy();
  clients = [];
});

/** A worker that answers as `answer` says, by default at once. */
function worker(answer: () => Promise<boolean> | boolean = () => true) {
  const handed: Socket[] = [];
  const receiver: Receiver = {
    async hand(socket) {
      handed.push(socket);
      return answer();
    },
  };
  return { handed, receiver };
}

async function connect(count: number): Promise<void> {
  const opened = Array.from({ length: count }, () => net.connect(port.address.port, "127.0.0.1"));
  for (const client of opened) client.on("error", () => {});
  clients.push(...opened);
  await Promise.all(opened.map((client) => once(client, "connect")));
}

const never = (): Promise<boolean> => new Promise(() => {});

describe("a shared port", () => {
  it("gives the connections of a burst to its workers in turn", async () => {
    port = await SharedPort.open(HERE, "it");
    const [a, b] = [worker(), worker()];
    port.join(a.receiver);
    port.join(b.receiver);
    await connect(50);
    await eventually(() => a.handed.length + b.handed.length === 50);
    expect([a.handed.length, b.handed.length]).toEqual([25, 25]);
  });

  it("keeps connections until there is a worker, up to its bound", async () => {
    port = await SharedPort.open(HERE, "it", 2);
    await connect(2);
    const third = net.connect(port.address.port, "127.0.0.1");
    clients.push(third);
    await once(third, "close");
    const { handed, receiver } = worker();
    port.join(receiver);
    await eventually(() => handed.length === 2);
  });

  it("gives a connection that a worker does not take to another", async () => {
    port = await SharedPort.open(HERE, "it");
    const leaving = worker(() => {
      port.leave(leaving.receiver);
      return false;
    });
    const staying = worker();
    port.join(leaving.receiver);
    port.join(staying.receiver);
    await connect(3);
    await eventually(() => staying.handed.length === 3);
    expect(leaving.handed).toHaveLength(1);
    expect(staying.handed).toContain(leaving.handed[0]);
  });

  it("passes over a worker that is too busy to take connections", async () => {
    port = await SharedPort.open(HERE, "it");
    const [busy, idle] = [worker(never), worker()];
    port.join(busy.receiver);
    port.join(idle.receiver);
    await connect(200);
    await eventually(() => busy.handed.length + idle.handed.length === 200);
    expect(busy.handed).toHaveLength(32);
  });

  it("reads nothing of a connection, and lets go of it once it is taken", async () => {
    port = await SharedPort.open(HERE, "it");
    const taken = Promise.withResolvers<boolean>();
    const { handed, receiver } = worker(() => taken.promise);
    await connect(1);
    clients[0]?.write("hello");
    port.join(receiver);
    await eventually(() => handed.length === 1);
    const [socket] = handed;
    expect([socket?.bytesRead, socket?.isPaused(), socket?.destroyed]).toEqual([0, true, false]);
    taken.resolve(true);
    await eventually(() => socket?.destroyed === true);
  });

  it("closes when the last worker has left it, and serves until then", async () => {
    port = await SharedPort.open(HERE, "it");
    const [a, b] = [worker(), worker()];
    port.join(a.receiver);
    port.join(b.receiver);
    port.closeWhenLeft();
    port.leave(a.receiver);
    await connect(2);
    await eventually(() => b.handed.length === 2);
    port.leave(b.receiver);
    const late = net.connect(port.address.port, "127.0.0.1");
    const [error] = (await once(late, "error")) as [NodeJS.ErrnoException];
    expect(error.code).toBe("ECONNREFUSED");
  });

  it("outlives its workers: a replacement gets what has come meanwhile", async () => {
    port = await SharedPort.open(HERE, "it");
    const dead = worker();
    port.join(dead.receiver);
    port.leave(dead.receiver);
    await connect(1);
    const { handed, receiver } = worker();
    port.join(receiver);
    await eventually(() => handed.length === 1);
    expect(dead.handed).toEqual([]);
  });
});
