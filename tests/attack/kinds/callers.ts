// What a caller with a key can do to another one.
import { UsageInterval, UsageService } from "../../../gen/es/steer/admin/v1/usage_service_pb.js";
import { GenerationService } from "../../../gen/es/steer/v1/generation_service_pb.js";
import { createGrpcClient } from "../../support/grpc-client.ts";
import { type Attack, type AttackRun, onlyEnds, together } from "../attack.ts";
import { codeName } from "../send.ts";

const { generate, streamGenerate } = GenerationService.method;
/** Backtracks twice as long with each letter. */
const PATTERN = "^(a+)+$";
const CLIENTS = 40;
const STREAMS = 1_000;

const metadataOf = ({ target }: AttackRun) => ({ authorization: target.authorization });

async function checkPatterns(run: AttackRun): Promise<void> {
  const client = createGrpcClient(run.target.grpc);
  const schema = JSON.stringify({ type: "string", pattern: PATTERN });
  const spec = {
    model: "simulator",
    prompt: "Hi",
    outputFormat: { format: { case: "jsonSchema", value: { name: "a", schema } } },
    providerOptions: { simulator: { text: JSON.stringify(`${"a".repeat(40)}!`) } },
  } as const;
  await together(CLIENTS, async () => {
    while (!run.isOver) {
      run.count();
      const how = await client.unary(generate, { spec }, { metadata: metadataOf(run) }).then(
        () => "OK",
        ({ code }: { readonly code: number }) => codeName(code),
      );
      run.end(how);
    }
  });
  client.close();
}

/** Each question is about as many hours as there can be. */
async function askForHours(run: AttackRun): Promise<void> {
  const client = createGrpcClient(run.target.grpc);
  const { queryUsage } = UsageService.method;
  const seconds = BigInt(Math.floor(Date.now() / 1_000)) - 4_900n * 3_600n;
  const question = {
    from: { seconds },
    interval: UsageInterval.HOUR,
    groupBy: ["caller", "model", "provider", "outcome"],
  };
  await together(CLIENTS, async () => {
    while (!run.isOver) {
      run.count();
      const how = await client.unary(queryUsage, question, { metadata: metadataOf(run) }).then(
        () => "OK",
        ({ code }: { readonly code: number }) => codeName(code),
      );
      run.end(how);
    }
  });
  client.close();
}

async function fillPlaces(run: AttackRun): Promise<void> {
  const clients = Array.from({ length: 4 }, () => createGrpcClient(run.target.grpc));
  const simulator = { tokens: 2_000, pace_ms: 100 };
  const spec = { model: "simulator", prompt: "Hi", providerOptions: { simulator } };
  await together(STREAMS, async (index) => {
    const client = clients[index % clients.length];
    run.count();
    const options = { metadata: metadataOf(run), timeoutMs: Math.max(1, run.leftMs) };
    try {
      for await (const _ of client?.stream(streamGenerate, { spec }, options) ?? []) {
        if (run.isOver) break;
      }
      run.end("OK");
    } catch (error) {
      run.end(codeName((error as { readonly code: number }).code));
    }
  });
  for (const client of clients) client.close();
}

/** All at once over a few connections, each of which ends after some refusals. */
async function callMalformed(run: AttackRun): Promise<void> {
  while (!run.isOver) {
    const clients = Array.from({ length: 4 }, () => createGrpcClient(run.target.grpc));
    const metadata = { ...metadataOf(run), "grpc-timeout": "soon" };
    await together(STREAMS, async (index) => {
      run.count();
      const how = await clients[index % clients.length]
        ?.unary(generate, { spec: { model: "simulator", prompt: "Hi" } }, { metadata })
        .then(
          () => "OK",
          ({ code }: { readonly code: number }) => codeName(code),
        );
      run.end(how ?? "no client");
    });
    for (const client of clients) client.close();
  }
}

export const CALLERS: readonly Attack[] = [
  {
    name: "patterns",
    cases: ["X5"],
    about: `${CLIENTS} clients whose schema has a pattern that backtracks without end`,
    seconds: 4,
    prepare: () => checkPatterns,
  },
  {
    name: "questions",
    cases: ["X5"],
    about: `${CLIENTS} clients of one caller who ask for the usage of each of 4,900 hours`,
    seconds: 3,
    prepare: () => askForHours,
    wrong: ({ ends }) =>
      Object.keys(ends).find((how) => how !== "OK" && how !== "RESOURCE_EXHAUSTED"),
  },
  {
    name: "places",
    cases: ["X7"],
    about: `${STREAMS.toLocaleString("en")} streams of one caller at a target with 512 places`,
    seconds: 5,
    prepare: () => fillPlaces,
    wrong: onlyEnds("OK", "UNAVAILABLE", "DEADLINE_EXCEEDED"),
  },
  {
    name: "malformed",
    cases: ["X7", "X11"],
    about: `${STREAMS.toLocaleString("en")} calls of one caller at once, of which none is well formed`,
    seconds: 3,
    prepare: () => callMalformed,
    // The library says RESOURCE_EXHAUSTED for a connection that is told to be calm.
    wrong: onlyEnds("INVALID_ARGUMENT", "RESOURCE_EXHAUSTED", "UNAVAILABLE"),
  },
];
