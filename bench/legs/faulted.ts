import { MidStreamRecovery } from "../../gen/es/steer/v1/generation_pb.js";
import { streamLoad, unaryLoad } from "../calls.ts";
import { type Load, openChannel, run } from "../load.ts";
import { cpuMicros, type Server } from "../processes.ts";
import type { Row } from "../report.ts";
import type { Leg } from "../scene.ts";

const CALLS = 10_000;
const STREAMS = 200;

interface Figures {
  readonly cpu: number;
  readonly requests: number;
  readonly failed: number;
}

/** CPU and upstream requests per call, and failures, after a warm-up. */
async function figuresOf(
  server: Server,
  load: Load,
  count: number,
  requests: () => Promise<number>,
): Promise<Figures> {
  const channel = openChannel(load);
  const isStream = load.path.endsWith("StreamGenerate");
  const width = isStream ? 16 : 32;
  let failed = 0;
  const call = async (): Promise<void> => {
    await (isStream ? channel.stream() : channel.unary()).catch(() => failed++);
  };
  await run(count, width, call);
  failed = 0;
  const requestsBefore = await requests();
  const before = cpuMicros(server.pid);
  await run(count, width, call);
  const cpu = (cpuMicros(server.pid) - before) / count;
  channel.close();
  return { cpu, requests: ((await requests()) - requestsBefore) / count, failed };
}

export const faulted: Leg = {
  name: "faulted",
  about: "5 % of upstream requests answered 429, 2 % cut, every call traced to a collector",
  async run(scene) {
    const upstream = await scene.upstream();
    const { server, address } = await scene.gateway({ OTEL_EXPORTER_OTLP_ENDPOINT: upstream });
    const requests = async (): Promise<number> =>
      Number(await (await fetch(`${upstream}/requests`)).text());
    const measure = (load: Load, count: number) => figuresOf(server, load, count, requests);
    const routing = { midStreamRecovery: MidStreamRecovery.RESTART };
    const kinds = [
      { kind: "unary", count: CALLS, load: (model: string) => unaryLoad(address, model) },
      {
        kind: "stream of 200 events",
        count: STREAMS,
        load: (model: string) => streamLoad(address, model, {}, routing),
      },
    ];
    const rows: Row[] = [];
    for (const { kind, count, load } of kinds) {
      const sound = await measure(load("bench"), count);
      const broken = await measure(load("faulty"), count);
      const note = `${broken.failed} of ${count} calls failed`;
      rows.push({
        figure: `faulted ${kind} beside a sound one, both traced`,
        unit: "µs/call",
        value: broken.cpu,
        floor: sound.cpu,
        note,
      });
      rows.push({
        figure: `faulted ${kind}, amplification`,
        unit: "requests/call",
        value: broken.requests,
      });
    }
    return rows;
  },
};
