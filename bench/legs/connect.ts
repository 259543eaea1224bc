import { streamLoad, unaryLoad } from "../calls.ts";
import { chatLoad } from "../chat-load.ts";
import { connectStream, connectUnary } from "../connect-loads.ts";
import { callCost, eventCost, pacedCost, warmUp } from "../costs.ts";
import { beside, interleave } from "../measure.ts";
import type { Row } from "../report.ts";
import type { Leg } from "../scene.ts";
import { grpcSubject, httpSubject, type Subject } from "../subject.ts";

const PACE = { width: 32, streamMs: 1_000 };
const UNIT = "µs/event";

/** The same streams over Connect, over gRPC and through the proxy that copies bytes. */
interface Streams {
  readonly connect: Subject;
  readonly grpc: Subject;
  readonly proxy: Subject;
}

async function eventRows(
  about: string,
  { connect: over, grpc, proxy }: Streams,
  cost: (subject: Subject) => Promise<number>,
): Promise<Row[]> {
  const of = await interleave({
    connect: () => cost(over),
    grpc: () => cost(grpc),
    proxy: () => cost(proxy),
  });
  return [
    {
      figure: `Connect JSON, ${about}, beside gRPC`,
      unit: UNIT,
      ...beside(of.connect, of.grpc),
      bar: { of: "ratio", most: 1.3 },
      target: "connect-event",
    },
    {
      figure: `Connect JSON, ${about}, beside a proxy that copies bytes`,
      unit: UNIT,
      ...beside(of.connect, of.proxy),
    },
  ];
}

export const connect: Leg = {
  name: "connect",
  about: "CPU of calls and events of Connect with JSON over HTTP/1.1, beside gRPC and a proxy",
  async run(scene) {
    const { server, address } = await scene.gateway();
    const proxy = await scene.httpProxy();
    const http = String(server.first["http"]);
    const streams = (model: string, ephemeral: boolean): Streams => ({
      connect: httpSubject(server, http, connectStream(model, { ephemeral })),
      grpc: grpcSubject(server, streamLoad(address, model, { ephemeral })),
      proxy: httpSubject(proxy.server, proxy.address, chatLoad(model, true)),
    });
    const unary = {
      connect: httpSubject(server, http, connectUnary("bench")),
      grpc: grpcSubject(server, unaryLoad(address, "bench")),
      proxy: httpSubject(proxy.server, proxy.address, chatLoad("bench", false)),
    };
    for (const subject of Object.values(unary)) await warmUp(subject);
    const of = await interleave({
      connect: () => callCost(unary.connect, scene.slotMs),
      grpc: () => callCost(unary.grpc, scene.slotMs),
      proxy: () => callCost(unary.proxy, scene.slotMs),
    });
    const fast = (subject: Subject) => eventCost(subject, scene.slotMs);
    const paced = (subject: Subject) => pacedCost(subject, scene.slotMs, PACE);
    const unit = "µs/call";
    return [
      { figure: "Connect JSON, unary, beside gRPC", unit, ...beside(of.connect, of.grpc) },
      {
        figure: "Connect JSON, unary, beside a proxy that copies bytes",
        unit,
        ...beside(of.connect, of.proxy),
      },
      ...(await eventRows("event stored in memory", streams("bench", false), fast)),
      ...(await eventRows("ephemeral event", streams("bench", true), fast)),
      ...(await eventRows("event every 5 ms, 32 streams", streams("paced-5", false), paced)),
    ];
  },
};
