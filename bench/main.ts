// `npm run bench`: what the gateway costs, each figure beside its floor in the
// same run. The measured process has one processor, load and upstream the other;
// figures are CPU time of the measured process, since wall time is noise.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  GenerateRequestSchema,
  StreamGenerateRequestSchema,
} from "../gen/es/steer/v1/generation_service_pb.ts";
import { StreamEventSchema } from "../gen/es/steer/v1/stream_pb.ts";
import { type Channel, median, openChannel, run } from "./load.ts";
import { cpuMicros, residentMiB, type Server, startServer } from "./processes.ts";

const SERVER_CPU = 1;
const LOAD_CPU = 0;
const ROUNDS = 3;
const UNARY_CALLS = 10_000;
const UNARY_WIDTH = 32;
const STREAMS = 150;
const STREAM_WIDTH = 16;
const STREAM_TOKENS = 200;

const GENERATE = "/steer.v1.GenerationService/Generate";
const STREAM = "/steer.v1.GenerationService/StreamGenerate";
const PROMPT = "Say something about the sea.";

interface Row {
  readonly name: string;
  readonly unit: string;
  readonly value: number;
  readonly floor?: number;
  /** Largest ratio, or largest value where there is no floor. */
  readonly bar?: number;
}

function unaryRequest(model: string): Uint8Array {
  return toBinary(
    GenerateRequestSchema,
    create(GenerateRequestSchema, { spec: { model, prompt: PROMPT } }),
  );
}

function streamRequest(model: string): Uint8Array {
  return toBinary(
    StreamGenerateRequestSchema,
    create(StreamGenerateRequestSchema, { spec: { model, prompt: PROMPT } }),
  );
}

function isDelta(message: Buffer): boolean {
  return fromBinary(StreamEventSchema, message).event.case === "textDelta";
}

/** CPU microseconds of `server` per unit while `work` runs; `work` says how many units it did. */
async function cpuPer(server: Server, work: () => Promise<number>): Promise<number> {
  await work();
  const before = cpuMicros(server.pid);
  const units = await work();
  return (cpuMicros(server.pid) - before) / units;
}

async function unaryCost(server: Server, address: string, request: Uint8Array): Promise<number> {
  const channel = openChannel({ address, path: GENERATE, request }, isDelta);
  const cost = await cpuPer(server, async () => {
    await run(UNARY_CALLS, UNARY_WIDTH, channel.unary);
    return UNARY_CALLS;
  });
  channel.close();
  return cost;
}

async function streamCost(server: Server, address: string, request: Uint8Array): Promise<number> {
  const channel = openChannel({ address, path: STREAM, request }, isDelta);
  const cost = await cpuPer(server, async () => {
    let messages = 0;
    await run(STREAMS, STREAM_WIDTH, async () => {
      messages += (await channel.stream()).messages;
    });
    return messages;
  });
  channel.close();
  return cost;
}

/** Median of the time to the first delta, one stream at a time. */
async function firstTokenMs(address: string, request: Uint8Array): Promise<number> {
  const channel = openChannel({ address, path: STREAM, request }, isDelta);
  const times: number[] = [];
  await run(100, 1, async () => void times.push((await channel.stream()).firstMs));
  channel.close();
  return median(times);
}

/** CPU per call at a fixed rate, in microseconds. */
async function paced(server: Server, channel: Channel, perSecond: number): Promise<number> {
  const calls = Math.max(60, perSecond * 6);
  const before = cpuMicros(server.pid);
  const pending: Promise<unknown>[] = [];
  for (let index = 0; index < calls; index++) {
    pending.push(channel.unary());
    await new Promise((resolve) => setTimeout(resolve, 1000 / perSecond));
  }
  await Promise.all(pending);
  return (cpuMicros(server.pid) - before) / calls;
}

/** Measures a pair in turn, so that a drift of the machine meets both, and takes the median ratio's pair. */
async function pair(
  measured: () => Promise<number>,
  floor: () => Promise<number>,
): Promise<{ readonly value: number; readonly floor: number }> {
  const pairs: { value: number; floor: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    pairs.push({ value: await measured(), floor: await floor() });
  }
  pairs.sort((a, b) => a.value / a.floor - b.value / b.floor);
  const middle = pairs[Math.floor(pairs.length / 2)];
  if (middle === undefined) throw new Error("no round was run");
  return middle;
}

function report(rows: readonly Row[], asJson: boolean): void {
  if (asJson) {
    process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
    return;
  }
  const lines = rows.map(({ name, unit, value, floor, bar }) => {
    const ratio = floor === undefined ? undefined : value / floor;
    const judged = ratio ?? value;
    const verdict = bar === undefined ? "" : judged <= bar ? "ok" : "MISSED";
    return [
      name,
      value.toFixed(1),
      unit,
      floor?.toFixed(1) ?? "",
      ratio?.toFixed(2) ?? "",
      bar ?? "",
      verdict,
    ].join("\t");
  });
  const head = ["figure", "value", "unit", "floor", "ratio", "bar", "verdict"].join("\t");
  process.stdout.write(`${[head, ...lines].join("\n")}\n`);
}

async function main(asJson: boolean): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "steer-bench-"));
  const running: Server[] = [];
  const say = (text: string): void => void (asJson || process.stderr.write(`${text}\n`));
  const start = async (...args: Parameters<typeof startServer>): Promise<Server> => {
    const server = await startServer(...args);
    running.push(server);
    return server;
  };
  try {
    const script = join(import.meta.dirname, "floor.ts");
    const upstream = await start(LOAD_CPU, [
      join(import.meta.dirname, "upstream.ts"),
      String(STREAM_TOKENS),
    ]);
    const upstreamUrl = String(upstream.first["url"]);
    const config = join(folder, "steer.yaml");
    writeFileSync(
      config,
      `providers:\n  - {id: bench, type: openai, base_url: "${upstreamUrl}/v1", api_key_env: BENCH_KEY}\nmodels:\n  - {id: bench, provider: bench}\n`,
    );
    const env = {
      STEER_CONFIG: config,
      BENCH_KEY: "none",
      STEER_GRPC_ADDRESS: "127.0.0.1:0",
      STEER_HTTP_ADDRESS: "127.0.0.1:0",
    };
    const entry = join(import.meta.dirname, "../src/main.ts");
    const first = await startServer(SERVER_CPU, [entry], { ...env, STEER_CONFIG: "" });
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await first.stop();
    const second = await startServer(SERVER_CPU, [entry], { ...env, STEER_CONFIG: "" });
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const rows: Row[] = [
      { name: "idle memory, second start", unit: "MiB", value: residentMiB(second.pid), bar: 120 },
    ];
    await second.stop();

    const gateway = await start(SERVER_CPU, [entry], env);
    const address = String(gateway.first["grpc"]);
    const one = openChannel(
      { address, path: GENERATE, request: unaryRequest("simulator") },
      isDelta,
    );
    const template = join(folder, "answer.bin");
    writeFileSync(template, await one.unary());

    say("unary through the simulator");
    const echo = await start(SERVER_CPU, [script, "echo", upstreamUrl, template]);
    const simulator = await pair(
      () => unaryCost(gateway, address, unaryRequest("simulator")),
      () => unaryCost(echo, String(echo.first["grpc"]), unaryRequest("simulator")),
    );
    rows.push({ name: "unary, simulator", unit: "µs CPU/call", ...simulator, bar: 2.5 });

    say("unary through the OpenAI adapter");
    const proxy = await start(SERVER_CPU, [script, "unary", upstreamUrl, template]);
    const proxyAddress = String(proxy.first["grpc"]);
    const adapter = await pair(
      () => unaryCost(gateway, address, unaryRequest("bench")),
      () => unaryCost(proxy, proxyAddress, unaryRequest("bench")),
    );
    rows.push({ name: "unary, OpenAI adapter", unit: "µs CPU/call", ...adapter, bar: 2.5 });

    say("streams through the OpenAI adapter");
    const streamed = await pair(
      () => streamCost(gateway, address, streamRequest("bench")),
      () => streamCost(proxy, proxyAddress, streamRequest("bench")),
    );
    rows.push({ name: "stream, OpenAI adapter", unit: "µs CPU/event", ...streamed, bar: 1.6 });

    say("time to the first token");
    const added =
      (await firstTokenMs(address, streamRequest("bench"))) -
      (await firstTokenMs(proxyAddress, streamRequest("bench")));
    rows.push({ name: "added time to first token, p50", unit: "ms", value: added, bar: 2 });

    say("5 and 50 calls a second");
    const channel = openChannel(
      { address, path: GENERATE, request: unaryRequest("bench") },
      isDelta,
    );
    await run(500, 8, channel.unary);
    const slow = await paced(gateway, channel, 5);
    const fast = await paced(gateway, channel, 50);
    rows.push({
      name: "A-70: unary at 50/s beside 5/s",
      unit: "µs CPU/call",
      value: fast,
      floor: slow,
      bar: 1.2,
    });
    channel.close();
    one.close();
    rows.push({ name: "memory after the load", unit: "MiB", value: residentMiB(gateway.pid) });
    report(rows, asJson);
  } finally {
    await Promise.all(running.map((server) => server.stop()));
    rmSync(folder, { recursive: true });
  }
}

const USAGE = "usage: npm run bench [-- --json]\n";
const options = process.argv.slice(2);
if (options.some((option) => option !== "--json")) {
  process.stderr.write(USAGE);
  process.exitCode = 2;
} else if (process.platform !== "linux") {
  process.stderr.write("the bench reads CPU time from /proc and needs Linux with taskset\n");
  process.exitCode = 2;
} else {
  await main(options.includes("--json"));
}
