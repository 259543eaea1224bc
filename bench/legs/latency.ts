import { streamLoad, unaryLoad } from "../calls.ts";
import { chatLoad } from "../chat-load.ts";
import { connectStream, connectUnary } from "../connect-loads.ts";
import { callMs, firstTokenMs } from "../costs.ts";
import { beside, interleave } from "../measure.ts";
import type { Row } from "../report.ts";
import type { Leg } from "../scene.ts";
import { grpcSubject, httpSubject } from "../subject.ts";

const MODEL = "bench";
/** Rounds are short, and their latencies differ more than their costs. */
const ROUNDS = 7;

export const latency: Leg = {
  name: "latency",
  about: "milliseconds that are added to a call and to the first token of a stream, one at a time",
  async run(scene) {
    const { server, address } = await scene.gateway();
    const floor = await scene.floor("unary", { server, address });
    const upstream = new URL(await scene.upstream()).host;
    const http = String(server.first["http"]);
    const ms = scene.slotMs / 2;
    // The upstream's own time is no part of a figure.
    const direct = (stream: boolean) => httpSubject(server, upstream, chatLoad(MODEL, stream));
    const calls = {
      grpc: grpcSubject(server, unaryLoad(address, MODEL)),
      connect: httpSubject(server, http, connectUnary(MODEL)),
      floor: grpcSubject(floor.server, unaryLoad(floor.address, MODEL)),
      direct: direct(false),
    };
    const streams = {
      stored: grpcSubject(server, streamLoad(address, MODEL)),
      ephemeral: grpcSubject(server, streamLoad(address, MODEL, { ephemeral: true })),
      connect: httpSubject(server, http, connectStream(MODEL, { ephemeral: true })),
      floor: grpcSubject(floor.server, streamLoad(floor.address, MODEL)),
      direct: direct(true),
    };
    const whole = await interleave(
      {
        grpc: () => callMs(calls.grpc, ms),
        connect: () => callMs(calls.connect, ms),
        floor: () => callMs(calls.floor, ms),
        direct: () => callMs(calls.direct, ms),
      },
      ROUNDS,
    );
    const first = await interleave(
      {
        stored: () => firstTokenMs(streams.stored, ms),
        ephemeral: () => firstTokenMs(streams.ephemeral, ms),
        connect: () => firstTokenMs(streams.connect, ms),
        floor: () => firstTokenMs(streams.floor, ms),
        direct: () => firstTokenMs(streams.direct, ms),
      },
      ROUNDS,
    );
    const call = "call p50, beside the upstream itself";
    const token = "first token p50, beside the upstream itself";
    const unit = "ms";
    const added = (most: number): Pick<Row, "bar" | "target"> => ({
      bar: { of: "added", most },
      target: "latency",
    });
    return [
      { figure: `${call}: gRPC`, unit, ...beside(whole.grpc, whole.direct), ...added(0.6) },
      { figure: `${call}: Connect JSON`, unit, ...beside(whole.connect, whole.direct) },
      { figure: `${call}: the floor`, unit, ...beside(whole.floor, whole.direct) },
      {
        figure: `${token}: stored in memory`,
        unit,
        ...beside(first.stored, first.direct),
        ...added(1),
      },
      { figure: `${token}: ephemeral`, unit, ...beside(first.ephemeral, first.direct) },
      { figure: `${token}: Connect JSON`, unit, ...beside(first.connect, first.direct) },
      { figure: `${token}: the floor`, unit, ...beside(first.floor, first.direct) },
    ];
  },
};
