// A stream survives kill -9 of the replica that generates it: `npm run demo [-- --svg FILE]`.
// Two replicas over a Redis, all of them on this machine, and the TypeScript helper with its defaults.
// The last line is JSON; the exit status is 0 if nothing was lost or doubled.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { parseArgs } from "node:util";
import type { JsonObject } from "@bufbuild/protobuf";
import { createGrpcClient } from "../clients/typescript/grpc.ts";
import { generate, streamGenerate } from "../clients/typescript/steer.ts";
import { Processes, type Replica } from "./processes.ts";
import { recordingOf } from "./recording.ts";
import { Screen } from "./screen.ts";

const PACE_MS = 100;
/** Words after which the replica is killed. */
const KILL_AFTER = 20;

const PROMPT = "What survives a kill -9?";

interface Outcome {
  readonly killed_pid: number;
  readonly replica_before: string;
  readonly replica_after: string;
  readonly events_lost: number;
  readonly events_doubled: number;
  readonly text_equal: boolean;
}

const spec = (script: JsonObject) => ({
  model: "simulator",
  prompt: PROMPT,
  providerOptions: { simulator: script },
});

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" ? (address?.port ?? 0) : 0));
    });
  });
}

/** The replica that generates a stream, as any replica tells an operator. */
async function ownerOf(streamId: string, { http }: Replica): Promise<string> {
  const response = await fetch(`http://${http}/steer.admin.v1.AdminService/GetStreamState`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ streamId }),
  });
  const { streamState } = (await response.json()) as { streamState: { owner: string } };
  return streamState.owner;
}

/** Reads the stream, and kills its owner in the middle. */
async function watch(
  replicas: readonly [Replica, Replica],
  expected: string,
  screen: Screen,
): Promise<Outcome> {
  const client = createGrpcClient({ target: `ipv4:${replicas.map(({ grpc }) => grpc).join()}` });
  const stream = streamGenerate(
    client,
    { spec: spec({ pace_ms: PACE_MS }) },
    {
      onReconnect: ({ sequence, waitMs }) =>
        screen.note(
          `-- connection lost after event ${sequence}; the helper goes on in ${Math.round(waitMs)} ms`,
        ),
    },
  );
  let text = "";
  let words = 0;
  let [lost, doubled, last] = [0, 0, 0];
  let streamId = "";
  let killed: Replica | undefined;
  for await (const { sequence, event } of stream) {
    lost += Math.max(0, sequence - last - 1);
    doubled += sequence <= last ? 1 : 0;
    last = Math.max(last, sequence);
    if (event.case === "start") streamId = event.value.streamId;
    if (event.case === "attemptNotice" && event.value.discardOutput) {
      text = "";
      screen.note(`-- event ${sequence}: the other replica takes over and writes the answer anew`);
    }
    if (event.case !== "textDelta") continue;
    text += event.value.text;
    screen.answer(event.value.text);
    if (++words !== KILL_AFTER) continue;
    const owner = await ownerOf(streamId, replicas[0]);
    killed = replicas.find(({ name }) => name === owner) ?? replicas[0];
    killed.kill();
    screen.trouble(
      `-- kill -9 ${killed.pid}: replica ${killed.name} is gone after event ${sequence}`,
    );
  }
  client.close();
  if (killed === undefined) throw new Error("the stream was over before a replica was killed");
  const survivor = replicas.find((replica) => replica !== killed) ?? replicas[1];
  return {
    killed_pid: killed.pid,
    replica_before: killed.name,
    replica_after: await ownerOf(streamId, survivor),
    events_lost: lost,
    events_doubled: doubled,
    text_equal: text === expected,
  };
}

/** What the answer is where nothing goes wrong. */
async function expectedText({ grpc }: Replica): Promise<string> {
  const client = createGrpcClient({ address: grpc });
  const { generation } = await generate(client, { spec: spec({}) });
  client.close();
  return generation?.outputText ?? "";
}

async function main(): Promise<boolean> {
  const { values } = parseArgs({ options: { svg: { type: "string" } } });
  if (spawnSync("redis-server", ["--version"]).status !== 0) {
    console.error(
      "The demo needs redis-server 7 or newer: `apt-get install redis-server`, `brew install redis` or `dnf install redis`.",
    );
    return false;
  }
  await using processes = new Processes();
  const stop = (): void => {
    void processes[Symbol.asyncDispose]().finally(() => process.exit(130));
  };
  process.once("SIGINT", stop).once("SIGTERM", stop);
  const screen = new Screen(process.stdout);
  const port = await freePort();
  await processes.startRedis(port);
  const store = `redis://127.0.0.1:${port}`;
  const replicas = await Promise.all([
    processes.startReplica(store),
    processes.startReplica(store),
  ]);
  const expected = await expectedText(replicas[1]);
  const [first, second] = replicas;
  screen.note(
    `-- replicas ${first.name} (pid ${first.pid}) and ${second.name} (pid ${second.pid}) share a Redis`,
  );
  screen.note(`-- a stream begins: "${PROMPT}"`);
  const outcome = await watch(replicas, expected, screen);
  const { events_lost, events_doubled, text_equal } = outcome;
  const isExact = events_lost === 0 && events_doubled === 0 && text_equal;
  screen.note(
    isExact
      ? "-- complete: no event was lost or doubled, and the text is exact"
      : "-- the stream is not what it should be",
  );
  if (values.svg !== undefined) writeFileSync(values.svg, recordingOf(screen.printed));
  console.log(JSON.stringify(outcome));
  return isExact;
}

process.exitCode = (await main()) ? 0 : 1;
