// What each program is asked, and what its answer is judged by: never by its own word.
import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { AdminService, StreamPhase } from "../../gen/es/steer/admin/v1/admin_service_pb.js";
import { pieces } from "../../src/providers/simulator/text.ts";
import { type CutProxy, startCutProxy } from "../support/cut-proxy.ts";
import { check, type Expectation, is } from "./expectation.ts";
import { callsOf, type LogLine } from "./service-log.ts";
import { killOwnerOfCall, killOwnerOfStream, rollReplicas, type Trouble } from "./trouble.ts";
import { AS_OPERATOR, KNOWN_TEXT, LARGE_TEXT, type Replicas, TOKEN, type World } from "./world.ts";

type Env = Readonly<Record<string, string>>;
export type Answer = Readonly<Record<string, unknown>>;

/** What was seen while the program ran. */
export interface Evidence {
  readonly seconds: number;
  readonly proxy: CutProxy;
  /** Calls that each replica has logged. */
  readonly calls: readonly [readonly LogLine[], readonly LogLine[]];
  readonly world: World;
}

/** The proxy before the replicas breaks so many connections, each after so many bytes. */
export interface Cuts {
  readonly bytes: number;
  readonly times: number;
}

export interface Scenario {
  readonly env: (world: World) => Env;
  readonly cuts?: Cuts;
  /** Happens to two replicas of the scenario's own while the program runs. */
  readonly trouble?: Trouble;
  readonly judge: (
    answer: Answer,
    evidence: Evidence,
  ) => readonly Expectation[] | Promise<readonly Expectation[]>;
}

const MODEL = { STEER_MODEL: "simulator", STEER_API_KEY: TOKEN };
const PROMPT = "Was sagt das Meer? 🌊";
/** Longest token of a scripted text, and what a message of the prompt's length costs. */
const OUTPUT_TOKENS = pieces(KNOWN_TEXT, 4).length;
const INPUT_TOKENS = Math.ceil(Array.from(PROMPT).length / 4) + 4;
const COMBINED = 'e\u0301 ö 한국어 עברית 日本語 👩‍👩‍👧‍👦 🇰🇷 ☂ \u{1d11e} \ud7ff ﷽ "\\ \t ende\u0308';
/** What Linux takes as one variable of the environment. */
const LONG_PROMPT = "the same words again and again, ".repeat(3_800);
const LONG_TOKENS = Math.ceil(LONG_PROMPT.length / 4) + 4;
const FAILED = "ATTEMPT_OUTCOME_FAILED";

/** The first attempt fails behind some of its output. */
const FAILS_MIDWAY = { text: KNOWN_TEXT, faults: [{ attempt: 1, error_at: 20 }] };
/** The same, slowly: another call can join before that. */
const FAILS_LATER = { text: KNOWN_TEXT, pace_ms: 25, faults: [{ attempt: 1, error_at: 120 }] };

const script = (fields: object): Env => ({ STEER_PROVIDER_OPTIONS: JSON.stringify(fields) });
const simulated = (fields: object) => (): Env => ({
  ...MODEL,
  STEER_PROMPT: PROMPT,
  ...script(fields),
});

/** The call came once, to whichever replica, and ended so. */
const DEADLINE_MS = 2_000;
/** The service answers so long before the deadline of a call. */
const ANSWERED_EARLY_MS = 100;

function calledOnce({ calls }: Evidence, method: string, code: string): readonly Expectation[] {
  const lines = callsOf(calls.flat(), method);
  return [
    is(`calls of ${method}`, lines.length, 1),
    is(`the service's status of ${method}`, lines[0]?.["code"], code),
  ];
}

function unaryAnswer(answer: Answer): readonly Expectation[] {
  return [
    is("text", answer["text"], KNOWN_TEXT),
    is("finish_reason", answer["finish_reason"], "FINISH_REASON_STOP"),
    is("input_tokens", answer["input_tokens"], INPUT_TOKENS),
    is("output_tokens", answer["output_tokens"], OUTPUT_TOKENS),
  ];
}

/** The first connection was lost, and another one made. */
const movedOn = ({ proxy }: Evidence): Expectation =>
  check("connections", proxy.connections > 1, proxy.connections);

/** What stands was given once: the beginning of the text, and something of it. */
function isBeginning(text: unknown): boolean {
  return typeof text === "string" && text !== "" && KNOWN_TEXT.startsWith(text);
}

async function cancelled(streamId: string, { world, proxy }: Evidence) {
  for (let tries = 0; ; tries++) {
    const request = { streamId };
    const options = { metadata: AS_OPERATOR };
    const method = AdminService.method.getStreamState;
    const { streamState: state } = await world.operator.unary(method, request, options);
    if (state?.endTime !== undefined || tries === 50) {
      const endedAt = state?.endTime === undefined ? Number.NaN : timestampMs(state.endTime);
      return [
        is("phase of the stream", StreamPhase[state?.phase ?? 0], "CANCELLED"),
        check("the cancel came before the connection's end", endedAt < proxy.closedAt, {
          endedAt,
          closedAt: proxy.closedAt,
        }),
      ];
    }
    await delay(100);
  }
}

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  unary: {
    env: () => ({ ...simulated({ text: KNOWN_TEXT })(), STEER_MAX_OUTPUT_TOKENS: "5000" }),
    judge: (answer, evidence) => [
      ...unaryAnswer(answer),
      ...calledOnce(evidence, "Generate", "OK"),
    ],
  },
  stream: {
    env: simulated({ text: KNOWN_TEXT }),
    judge: (answer, evidence) => [
      is("text", answer["text"], KNOWN_TEXT),
      is("output_tokens", answer["output_tokens"], OUTPUT_TOKENS),
      // start, the deltas, the part's end, usage, complete.
      is("events", answer["events"], OUTPUT_TOKENS + 4),
      is("last_sequence", answer["last_sequence"], OUTPUT_TOKENS + 4),
      ...calledOnce(evidence, "StreamGenerate", "OK"),
    ],
  },
  resume: {
    env: simulated({ text: KNOWN_TEXT, pace_ms: 4 }),
    cuts: { bytes: 2_500, times: 3 },
    judge: (answer, { proxy, calls }) => [
      is("text", answer["text"], KNOWN_TEXT),
      check("reconnects", Number(answer["reconnects"]) >= 1, answer["reconnects"]),
      is("connections cut", proxy.cuts, 3),
      is("calls of StreamGenerate", callsOf(calls.flat(), "StreamGenerate").length, 1),
      check(
        "both replicas served it",
        calls.every((lines) => lines.length > 0),
        calls,
      ),
      check("ResumeStream was called", callsOf(calls.flat(), "ResumeStream").length > 0, calls),
    ],
  },
  cancel: {
    env: simulated({ tokens: 5_000, pace_ms: 50 }),
    judge: async (answer, evidence) => [
      is("deltas", answer["deltas"], 3),
      ...(await cancelled(String(answer["stream_id"]), evidence)),
    ],
  },
  deadline: {
    env: () => ({
      ...simulated({ first_token_ms: 25_000 })(),
      STEER_DEADLINE_MS: String(DEADLINE_MS),
    }),
    judge: (answer, evidence) => {
      const [line] = callsOf(evidence.calls.flat(), "Generate");
      // The service knows the deadline and answers before it: a client that only gives up is a cancel. On a busy machine
      // the call is under way for longer than the answer is early, and the client gives up first.
      const isEarly = Number(line?.["duration_ms"]) < DEADLINE_MS - ANSWERED_EARLY_MS;
      const code = line?.["code"] === "CANCELLED" && isEarly ? "CANCELLED" : "DEADLINE_EXCEEDED";
      return [
        is("code", answer["code"], "DEADLINE_EXCEEDED"),
        check("it did not wait for the answer", evidence.seconds < 25, evidence.seconds),
        ...calledOnce(evidence, "Generate", code),
      ];
    },
  },
  error: {
    env: simulated({ faults: [1, 2, 3, 4].map((attempt) => ({ attempt, status: 503 })) }),
    judge: (answer, evidence) => {
      const attempt = { provider: "simulator", model: "simulator", outcome: FAILED };
      const [line] = callsOf(evidence.calls.flat(), "Generate");
      return [
        is("code", answer["code"], "UNAVAILABLE"),
        is("reason", answer["reason"], "ATTEMPTS_EXHAUSTED"),
        is("retryable", answer["retryable"], true),
        is(
          "attempts",
          picked(answer["attempts"]),
          Array(Number(line?.["attempts"] ?? 0)).fill(attempt),
        ),
        // The channel's own retries would have made more of it.
        ...calledOnce(evidence, "Generate", "UNAVAILABLE"),
      ];
    },
  },
  text: {
    env: simulated({ text: COMBINED }),
    judge: (answer) => [is("text", answer["text"], COMBINED)],
  },
  large: {
    env: () => ({ ...MODEL, STEER_MODEL: "large", STEER_PROMPT: PROMPT }),
    judge(answer) {
      const bytes = Buffer.from(LARGE_TEXT);
      return [
        is("bytes", answer["bytes"], bytes.length),
        is("sha256", answer["sha256"], createHash("sha256").update(bytes).digest("hex")),
      ];
    },
  },
  compressed: {
    env: () => ({ ...simulated({ text: KNOWN_TEXT })(), STEER_PROMPT: LONG_PROMPT }),
    judge: (answer, { proxy, calls }) => [
      is("text", answer["text"], KNOWN_TEXT),
      is("input_tokens", callsOf(calls.flat(), "Generate")[0]?.["input_tokens"], LONG_TOKENS),
      check("bytes sent", proxy.sentBytes < LONG_PROMPT.length / 10, proxy.sentBytes),
    ],
  },
  tls: {
    env: ({ tls, certificates }) => ({
      ...simulated({ text: KNOWN_TEXT })(),
      STEER_ADDRESS: tls.grpc,
      STEER_CA_FILE: certificates.ca,
    }),
    judge: (answer) => unaryAnswer(answer),
  },
  // Nothing but the environment says where the service is, whom to trust, and as whom to come.
  "system-authorities": {
    env: ({ tls, certificates }) => ({
      ...simulated({ text: KNOWN_TEXT })(),
      STEER_ADDRESS: `https://${tls.grpc}`,
      SSL_CERT_FILE: certificates.ca,
      // Where a machine sets it, gRPC trusts its file alone.
      GRPC_DEFAULT_SSL_ROOTS_FILE_PATH: "",
    }),
    judge: (answer) => unaryAnswer(answer),
  },
  health: {
    env: () => MODEL,
    judge: (answer) => [is("status", answer["status"], "SERVING")],
  },
  "lost-owner": {
    env: simulated({ text: KNOWN_TEXT, pace_ms: 20 }),
    trouble: killOwnerOfStream,
    judge: (answer, evidence) => [
      is("text", answer["text"], KNOWN_TEXT),
      is("discards", answer["discards"], 1),
      movedOn(evidence),
    ],
  },
  "lost-unary": {
    env: simulated({ text: KNOWN_TEXT, first_token_ms: 5_000 }),
    trouble: killOwnerOfCall,
    judge: (answer, evidence) => [...unaryAnswer(answer), movedOn(evidence)],
  },
  raw: {
    env: simulated(FAILS_MIDWAY),
    judge: (answer) => [
      // The operator's RESTART is for readers that accept discards.
      check("text", isBeginning(answer["raw_text"]), answer["raw_text"]),
      is("code", answer["raw_code"], "UNAVAILABLE"),
    ],
  },
  "raw-joins": {
    env: simulated(FAILS_MIDWAY),
    judge: (answer) => [
      is("text of the helper", answer["text"], KNOWN_TEXT),
      check("text of the stub", isBeginning(answer["raw_text"]), answer["raw_text"]),
      is("code of the stub", answer["raw_code"], "FAILED_PRECONDITION"),
      is("reason of the stub", answer["raw_reason"], "OUTPUT_DISCARDED"),
      is("the rest, behind what was voided", answer["rest"], KNOWN_TEXT),
    ],
  },
  "joins-raw": {
    env: simulated(FAILS_LATER),
    judge: (answer) => [
      // The recovery of the first call holds, and that call has named none.
      check("text of the stub", isBeginning(answer["raw_text"]), answer["raw_text"]),
      is("text of the helper", answer["text"], answer["raw_text"]),
      is("code of the stub", answer["raw_code"], "UNAVAILABLE"),
      is("reason of the helper", answer["reason"], answer["raw_reason"]),
    ],
  },
  rolling: {
    env: () => ({
      ...simulated({ text: KNOWN_TEXT, pace_ms: 5 })(),
      STEER_STREAMS: "20",
      STEER_LOOPS: "8",
    }),
    trouble: rollReplicas,
    judge: (answer) => [
      is("failures", answer["failures"], []),
      // Nothing lost and nothing doubled: one text, as often as there were answers.
      is("texts", answer["texts"], {
        [KNOWN_TEXT]: Number(answer["calls"]) + Number(answer["streams"]),
      }),
      check("unary calls", Number(answer["calls"]) >= 24, answer["calls"]),
      check("streams", Number(answer["streams"]) >= 60, answer["streams"]),
    ],
  },
  connect: {
    env: ({ replicas }) => ({
      ...simulated({ text: KNOWN_TEXT })(),
      STEER_HTTP_URL: replicas[0].http,
    }),
    judge: (answer, { calls }) => [
      is("text", answer["text"], KNOWN_TEXT),
      is("streamed", answer["streamed"], KNOWN_TEXT),
      is(
        "protocols",
        calls.flat().map((line) => line["system"]),
        ["connectrpc", "connectrpc"],
      ),
    ],
  },
};

/** Of each attempt what the runner compares; a program may print more. */
function picked(attempts: unknown): unknown {
  if (!Array.isArray(attempts)) return attempts;
  return attempts.map(({ provider, model, outcome }: Answer) => ({ provider, model, outcome }));
}

/** The proxy that stands before the replicas while one program runs. */
export async function startProxy(
  { replicas: [first, second] }: { readonly replicas: Replicas },
  { cuts, trouble }: Pick<Scenario, "cuts" | "trouble">,
): Promise<CutProxy> {
  if (cuts === undefined && trouble === undefined) return await startCutProxy(first.grpc);
  const proxy = await startCutProxy(first.grpc, second.grpc);
  if (cuts !== undefined) proxy.cutNext(cuts.bytes, cuts.times);
  return proxy;
}
