// The table of docs/providers.md with the requests of each type.
import type { Parameter, WireLimits } from "../../src/domain/model.ts";
import type { CompatibleType } from "../../src/providers/compatible/compatible-type.ts";
import type { ProviderType } from "../../src/providers/provider.ts";
import {
  CHAT_PARAMETERS,
  RESPONSES_PARAMETERS,
} from "../../src/providers/shared/openai-parameters.ts";

const HEAD = [
  "type, `api`",
  "key, address",
  "thoughts go back",
  "its own",
  "fitted",
  "left out",
  "only where a model lists it",
  "read",
];

const code = (word: string): string => `\`${word}\``;
const listOf = (words: readonly string[]): string => words.map(code).join(", ") || "–";

/** `sampling.top_p` as `top_p`: the table does not need the groups. */
const short = (parameter: Parameter): string => parameter.replace(/^(?:sampling|reasoning)\./, "");

function fitted(limits: WireLimits): string {
  const { callIds, maxTemperature, maxStopSequences, maxCacheMarks, minBudgetTokens } = limits;
  const said = [
    maxTemperature === undefined ? [] : `temperature to ${maxTemperature}`,
    maxStopSequences === undefined ? [] : `${maxStopSequences} stop sequences`,
    maxCacheMarks === undefined ? [] : `${maxCacheMarks} cache hints`,
    minBudgetTokens === undefined ? [] : `budgets from ${minBudgetTokens}`,
    callIds === undefined ? [] : `identifiers of calls to ${code(callIds.pattern.source)}`,
  ];
  return said.flat().join(", ") || "–";
}

const GOES_BACK = { text: "as text", signed: "signed", never: "no" } as const;

function recordOf(type: ProviderType): CompatibleType["record"] | undefined {
  return "record" in type ? (type as CompatibleType).record : undefined;
}

function ownFields(type: ProviderType): string {
  const record = recordOf(type);
  if (record === undefined) return "–";
  const { tokenLimitField, seedField, streamOptions, systemPlace, cacheField } = record.server;
  const said = [
    [tokenLimitField, seedField, cacheField].flatMap((field) => (field ? code(field) : [])),
    streamOptions === false ? `no ${code("stream_options")}` : [],
    systemPlace === "first" ? "one system message, at the start" : [],
    record.prefill ? "prefill" : [],
  ];
  return said.flat().join(", ") || "–";
}

function row(name: string, type: ProviderType, dialect: string): string {
  const record = recordOf(type);
  const carried = type.dialects[dialect] ?? [];
  const listed = type.listedParameters[dialect] ?? [];
  const base = dialect === "responses" ? RESPONSES_PARAMETERS : CHAT_PARAMETERS;
  const left = base.filter((each) => !carried.includes(each) && !listed.includes(each));
  const { reasoning } = type.goesBack(dialect, {});
  const field = record?.server.reasoningField;
  const cells = [
    `${code(name)}, ${code(dialect)}`,
    [type.apiKeyVariable ?? "", type.defaultBaseUrl].filter(Boolean).map(code).join(", ") || "–",
    field === undefined || reasoning !== "text" ? GOES_BACK[reasoning] : code(field),
    ownFields(type),
    fitted(type.limits(dialect, type.defaultBaseUrl)),
    listOf(left.map(short)),
    listOf(listed.map(short)),
    record?.sources.map(({ url, date }) => `[${date}](${url})`).join(", ") ?? "–",
  ];
  return `| ${cells.join(" | ")} |`;
}

/** One row for each dialect of each type. */
export function typeTable(types: Readonly<Record<string, ProviderType>>): readonly string[] {
  const byName = Object.entries(types).sort(([one], [other]) => (one < other ? -1 : 1));
  const rows = byName.flatMap(([name, type]) =>
    Object.keys(type.dialects).map((dialect) => row(name, type, dialect)),
  );
  return [`| ${HEAD.join(" | ")} |`, `|${"---|".repeat(HEAD.length)}`, ...rows];
}
