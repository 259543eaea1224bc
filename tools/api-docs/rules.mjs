// The contract's validation rules in words. An unknown rule stops the tool.
import { getOption, hasOption } from "@bufbuild/protobuf";
import {
  field as fieldRules,
  Ignore,
  message as messageRules,
  oneof as oneofRules,
} from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";

/** Set rules, without protobuf-es's own members. */
function entries(rules) {
  return Object.entries(rules).filter(([name, value]) => {
    if (name.startsWith("$") || value === undefined) return false;
    if (Array.isArray(value)) return value.length > 0;
    if (typeof value === "object" && "case" in value) return value.case !== undefined;
    // In proto2, unset fields are not own properties.
    return Object.hasOwn(rules, name) && value !== false && value !== "" && value !== 0;
  });
}

/** Set rules, with some of them first. */
function sorted(rules, first) {
  const all = entries(rules);
  const isFirst = ([name]) => first.includes(name);
  return [...all.filter(isFirst), ...all.filter((entry) => !isFirst(entry))];
}

function seconds({ seconds: whole, nanos }) {
  return `${Number(whole) + nanos / 1e9} s`;
}

const amount = (value) => (typeof value === "object" ? seconds(value) : String(value));

function bound({ case: name, value }) {
  const words = { gte: "at least", gt: "more than", lte: "at most", lt: "less than" };
  return `${words[name]} ${amount(value)}`;
}

function counted(least, most, what) {
  if (least === undefined) return `at most ${most} ${what}`;
  if (most === undefined) return `at least ${least} ${what}`;
  return `${least} to ${most} ${what}`;
}

function unknown(rule) {
  throw new Error(`tools/api-docs/rules.mjs has no words for the rule ${rule}`);
}

/** Words for the rules of each field type. */
const TYPES = {
  string(rules) {
    const words = [];
    const { minLen, maxLen } = Object.fromEntries(entries(rules));
    if ((minLen ?? maxLen) !== undefined) words.push(counted(minLen, maxLen, "characters"));
    for (const [name, value] of entries(rules)) {
      if (name === "maxBytes") words.push(`at most ${value} bytes`);
      else if (name === "pattern") words.push(`like \`${value}\``);
      else if (name !== "minLen" && name !== "maxLen") unknown(`string.${name}`);
    }
    return words;
  },
  bytes(rules) {
    return entries(rules).map(([name, value]) =>
      name === "maxLen" ? `at most ${value} bytes` : unknown(`bytes.${name}`),
    );
  },
  enum(rules, { enum: desc }) {
    const namesOf = (numbers) =>
      numbers.map((number) => `\`${desc.value[number]?.name ?? number}\``).join(", ");
    return sorted(rules, ["definedOnly"]).map(([name, value]) => {
      if (name === "definedOnly") return "a value that is listed there";
      if (name === "notIn") return `not ${namesOf(value)}`;
      if (name === "in") return `one of ${namesOf(value)}`;
      return unknown(`enum.${name}`);
    });
  },
  repeated(rules, field) {
    const { minItems, maxItems } = Object.fromEntries(entries(rules));
    const words = [];
    if ((minItems ?? maxItems) !== undefined) words.push(counted(minItems, maxItems, "items"));
    for (const [name, value] of entries(rules)) {
      if (name === "unique") words.push("no item twice");
      else if (name === "items") words.push(`each ${wordsOf(value, field).join(", ")}`);
      else if (name !== "minItems" && name !== "maxItems") unknown(`repeated.${name}`);
    }
    return words;
  },
  map(rules, field) {
    const { minPairs, maxPairs } = Object.fromEntries(entries(rules));
    const words = [];
    if ((minPairs ?? maxPairs) !== undefined) words.push(counted(minPairs, maxPairs, "entries"));
    for (const [name, value] of entries(rules)) {
      if (name === "keys") words.push(`keys: ${wordsOf(value, field).join(", ")}`);
      else if (name === "values") words.push(`values: ${wordsOf(value, field).join(", ")}`);
      else if (name !== "minPairs" && name !== "maxPairs") unknown(`map.${name}`);
    }
    return words;
  },
};

function bounds(rules) {
  return sorted(rules, ["greaterThan"]).map(([name, value]) => {
    if (name === "greaterThan" || name === "lessThan") return bound(value);
    if (name === "finite") return "finite";
    return unknown(name);
  });
}

function wordsOf(rules, field) {
  const words = [];
  for (const [name, value] of entries(rules)) {
    if (name === "type") {
      words.push(...(TYPES[value.case] ?? bounds)(value.value, field));
    } else if (name === "required") words.unshift("required");
    else if (name !== "ignore" || value !== Ignore.IF_ZERO_VALUE) unknown(name);
  }
  const [first = "", ...others] = words;
  return rules.ignore === Ignore.IF_ZERO_VALUE ? [`empty or ${first}`, ...others] : words;
}

/** The rules of a field, as phrases. */
export function wordsOfField(field) {
  return hasOption(field, fieldRules) ? wordsOf(getOption(field, fieldRules), field) : [];
}

/** Whether exactly one member must be set. */
export function isRequired(oneof) {
  return hasOption(oneof, oneofRules) && getOption(oneof, oneofRules).required;
}

/** The rules of a message, in the words of the service's errors. */
export function wordsOfMessage(message) {
  if (!hasOption(message, messageRules)) return [];
  return entries(getOption(message, messageRules)).flatMap(([name, value]) =>
    name === "cel" ? value.map((rule) => rule.message) : unknown(name),
  );
}
