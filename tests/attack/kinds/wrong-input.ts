// Input that is wrong, and calls that only look as if they came from this machine.
import http from "node:http";
import { AdminService } from "../../../gen/es/steer/admin/v1/admin_service_pb.js";
import { CallerService } from "../../../gen/es/steer/admin/v1/callers_pb.js";
import { UsageService } from "../../../gen/es/steer/admin/v1/usage_service_pb.js";
import { GenerationService } from "../../../gen/es/steer/v1/generation_service_pb.js";
import type { Attack, AttackRun, Tally } from "../attack.ts";
import { endOf, sendOverHttp1 } from "../send.ts";

const GENERATE = `/${GenerationService.typeName}/Generate`;
const LIST = `/${AdminService.typeName}/ListStreamStates`;
const ROUNDS = 20;

interface Wrong {
  /** How it must end. */
  readonly as: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const JSON_TYPE = { "content-type": "application/json" };

function options(provider: string, own: string, model: string): Wrong {
  const body = `{"spec":{"model":"${model}","prompt":"Hi","providerOptions":{"${provider}":${own}}}}`;
  return { as: "INVALID_ARGUMENT", path: GENERATE, headers: JSON_TYPE, body };
}

const INPUTS: readonly Wrong[] = [
  ...["\0", "\n\x05a", "\x07"].map((body) => {
    const headers = { "content-type": "application/proto" };
    return { as: "INVALID_ARGUMENT", path: GENERATE, headers, body };
  }),
  ...["", "{", "[]", "null", "{}{}", '{"spec":7}'].map((body) => {
    return { as: "INVALID_ARGUMENT", path: GENERATE, headers: JSON_TYPE, body };
  }),
  options("anthropic", '{"betas":["a\\r\\nb: c"]}', "claude-fable-5-1"),
  ...["toString", "constructor", "hasOwnProperty", "__proto__"].map((key) =>
    options("simulator", `{"${key}":1}`, "simulator"),
  ),
];

/** What only operators may do, with whole requests of a caller, and usage of all callers. */
const DENIED: readonly Wrong[] = CallerService.methods.map(({ name }) => {
  const path = `/${CallerService.typeName}/${name}`;
  return { as: "PERMISSION_DENIED", path, headers: JSON_TYPE, body: "{}" };
});

const QUESTIONS: readonly Wrong[] = [
  ["PERMISSION_DENIED", '{"scope":"USAGE_SCOPE_ALL"}'],
  ["INVALID_ARGUMENT", '{"groupBy":["nothing"]}'],
  ["INVALID_ARGUMENT", '{"groupBy":["label:"]}'],
  ["INVALID_ARGUMENT", '{"from":"0001-01-01T00:00:00Z"}'],
  ["OK", "{}"],
].map(([as = "", body = ""]) => {
  const path = `/${UsageService.typeName}/${UsageService.method.queryUsage.name}`;
  return { as, path, headers: JSON_TYPE, body };
});

const SMALL = '{"spec":{"model":"simulator","prompt":"Hi"}}';

const STRANGERS: readonly Wrong[] = [
  ["UNAUTHENTICATED", { "x-forwarded-for": "203.0.113.9" }],
  ["UNAUTHENTICATED", { forwarded: "for=203.0.113.9" }],
  ["UNAUTHENTICATED", { via: "1.1 proxy" }],
  ["PERMISSION_DENIED", { host: "evil.example" }],
  ["PERMISSION_DENIED", { host: "evil.example", origin: "http://evil.example" }],
  ["PERMISSION_DENIED", { origin: "http://evil.example" }],
  ["OK", { host: "localhost" }],
].flatMap(([as, headers]) =>
  [GENERATE, LIST].map((path) => ({
    as: String(as),
    path,
    headers: { ...JSON_TYPE, ...(headers as Readonly<Record<string, string>>) },
    body: path === LIST ? "{}" : SMALL,
  })),
);

async function sendAll(run: AttackRun, all: readonly Wrong[], withKey: boolean): Promise<void> {
  const { http: url, authorization } = run.target;
  for (let round = 0; round < ROUNDS && !run.isOver; round++) {
    // None of the connections has as many refused calls as would end it.
    const agent = new http.Agent({ keepAlive: true });
    for (const { as, path, headers, body } of all) {
      run.count();
      const sent = { ...headers, ...(withKey && { authorization }) };
      const answer = await sendOverHttp1(
        `${url}${path}`,
        { agent, headers: sent },
        Buffer.from(body),
      );
      const how = typeof answer === "string" ? answer : endOf(answer).how;
      run.end(how === as ? how : `${how} instead of ${as} for ${JSON.stringify(headers)} ${body}`);
    }
    agent.destroy();
  }
}

/** Each has ended as it must, and of each way there were some. */
const asMeant =
  (inputs: readonly Wrong[]) =>
  ({ ends }: Tally): string | undefined =>
    Object.keys(ends).find((how) => how.includes(" instead of ")) ??
    inputs
      .map(({ as }) => as)
      .find((as) => ends[as] === undefined)
      ?.concat(" was not seen");

export const WRONG_INPUT: readonly Attack[] = [
  {
    name: "wrong-input",
    cases: ["X11", "X12", "X13"],
    about: "bodies that are no message, options that would be headers or inherited names",
    seconds: 2,
    prepare: () => (run) => sendAll(run, INPUTS, true),
    wrong: asMeant(INPUTS),
  },
  {
    name: "not-for-callers",
    cases: ["X11"],
    about: "what operators alone may do, and questions about usage that have no answer",
    seconds: 2,
    prepare: () => (run) => sendAll(run, [...DENIED, ...QUESTIONS], true),
    wrong: asMeant([...DENIED, ...QUESTIONS]),
  },
  {
    name: "strangers",
    cases: ["X8", "X9", "X10"],
    about: "pages and proxies that look like this machine, at a gateway without callers",
    seconds: 2,
    gateway: "open",
    prepare: () => (run) => sendAll(run, STRANGERS, false),
    wrong: asMeant(STRANGERS),
  },
];
