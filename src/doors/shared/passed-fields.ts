// What of a request goes to the provider although the contract has no word for it, by `doors.pass`.
import type { FieldPass } from "../../domain/field-pass.ts";
import { GatewayError } from "../../domain/gateway-error.ts";
import type { Tool } from "../../domain/generation-spec.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../domain/json.ts";
import type { Warning } from "../../domain/warning.ts";
import type { RequestOfApi } from "../../ports/contract.ts";
import {
  betaEffect,
  type Effect,
  type KnownFields,
  knownDialect,
  withoutDate,
} from "./known-fields.ts";

/** The rule that holds for a caller. */
export interface PassRule {
  readonly pass: FieldPass;
  /** The operator's list. It counts under `listed`. */
  readonly listed: readonly string[];
  /** A spend limit holds, which counts no unknown prices. */
  readonly countsMoney: boolean;
}

/** A request without the fields that do not pass. */
export interface Passed<Request> {
  readonly request: Request;
  readonly warnings: readonly Warning[];
}

/** A field, a tool or a beta beside its name in the operator's list. */
interface Named {
  /** Where it stands in the request. */
  readonly field: string;
  readonly name: string;
  /** Undefined: the gateway does not know it. */
  readonly effect: Effect | undefined;
}

function unpriced({ field }: Named): GatewayError {
  const message = `${field}: a spend limit holds, and the price that this leads to is unknown`;
  return new GatewayError("budget", message, {
    reason: "FIELD_UNPRICED",
    violations: [{ field, description: "changes the price" }],
  });
}

function notPassed({ field, effect }: Named): GatewayError {
  return new GatewayError("validation", `${field}: ${whyNot(effect)}`, {
    reason: "UNSUPPORTED_PARAMETER",
    violations: [{ field, description: whyNot(effect) }],
  });
}

function whyNot(effect: Effect | undefined): string {
  return effect === undefined
    ? "the gateway does not know the field, and `doors.pass` lets only known ones pass"
    : `the field changes the ${effect}, and \`doors.pass\` does not let it pass`;
}

/** Checks the fields of one request. */
class FieldGate {
  readonly warnings: Warning[] = [];
  readonly #rule: PassRule;
  readonly #listed: ReadonlySet<string>;
  /** A field that does not pass is an error. */
  readonly #rejects: boolean;

  constructor(rule: PassRule, rejects: boolean) {
    this.#rule = rule;
    this.#listed = new Set(rule.pass === "listed" ? rule.listed : []);
    this.#rejects = rejects;
  }

  /** Throws where the field must not be left out. */
  passes(named: Named, drops = false): boolean {
    const { name, effect, field } = named;
    if (this.#listed.has(name) || this.#listed.has(withoutDate(name))) return true;
    if (effect === "none") return true;
    if (effect === "price" && !this.#rule.countsMoney) return true;
    if (effect === "price" && !drops) throw unpriced(named);
    if (this.#rejects) throw notPassed(named);
    this.warnings.push({ reason: "PARAMETER_DROPPED", message: whyNot(effect), field });
    return false;
  }

  fields(given: JsonObject, known: KnownFields, path = ""): JsonObject {
    return Object.fromEntries(
      Object.entries(given).flatMap(([name, value]) => {
        const passed = this.#value(`${path}${name}`, value ?? null, ownEntry(known, name));
        return passed === undefined ? [] : [[name, passed] as const];
      }),
    );
  }

  /** Undefined: the field does not pass. */
  #value(
    name: string,
    value: JsonValue,
    known: KnownFields[string] | undefined,
  ): JsonValue | undefined {
    if (name === "betas" && Array.isArray(value)) return this.#betas(value);
    if (known !== undefined && "inner" in known && isJsonObject(value)) {
      if (this.#listed.has(name)) return value;
      const inner = this.fields(value, known.inner, `${name}.`);
      return Object.keys(inner).length === 0 ? undefined : inner;
    }
    return this.passes({ field: name, name, effect: effectOf(known, value) }) ? value : undefined;
  }

  /** A beta is left out rather than refused: agents send those of their release. */
  #betas(given: readonly JsonValue[]): JsonValue | undefined {
    const passed = given.filter((beta) => {
      if (typeof beta !== "string") return true;
      return this.passes({ field: beta, name: beta, effect: betaEffect(beta) }, true);
    });
    return passed.length === 0 ? undefined : passed;
  }

  tools(given: readonly Tool[]): readonly Tool[] {
    return given.filter((tool, index) => {
      if (tool.type !== "provider") return true;
      const name = String(tool.config["type"] ?? "");
      const effect = ownEntry(knownDialect(tool.provider).tools, withoutDate(name));
      return this.passes({ field: `tools[${index}]`, name, effect });
    });
  }

  options(given: JsonObject): JsonObject {
    return Object.fromEntries(
      Object.entries(given).flatMap(([owner, fields]): [string, JsonValue][] => {
        // The contract refuses what is no object.
        if (!isJsonObject(fields)) return [[owner, fields ?? null]];
        const passed = this.fields(fields, knownDialect(owner).fields);
        return Object.keys(passed).length === 0 ? [] : [[owner, passed]];
      }),
    );
  }
}

/** An entry that the table itself has, not its prototype. */
function ownEntry<Value>(table: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

function effectOf(known: KnownFields[string] | undefined, value: JsonValue): Effect | undefined {
  if (known === undefined || "inner" in known) return undefined;
  return known.plain.includes(value) ? "none" : known.effect;
}

const REJECTS = "UNSUPPORTED_PARAMETER_ACTION_REJECT";

function rejects({ spec, wishes }: RequestOfApi): boolean {
  const routing = wishes?.["routing"];
  const wished = isJsonObject(routing) ? routing["unsupportedParameters"] : undefined;
  return wished === REJECTS || spec.routing.unsupportedParameters === "reject";
}

/** Throws RESOURCE_EXHAUSTED for a field of unknown price, and INVALID_ARGUMENT where the request wants no field dropped. */
export function passedFields<Request extends RequestOfApi>(
  request: Request,
  rule: PassRule,
): Passed<Request> {
  if (rule.pass === "all") return { request, warnings: [] };
  const { spec, wishes } = request;
  const gate = new FieldGate(rule, rejects(request));
  const providerOptions = gate.options(spec.providerOptions) as typeof spec.providerOptions;
  const tools = gate.tools(spec.tools);
  const wished = wishes?.["providerOptions"];
  const options = isJsonObject(wished) ? { providerOptions: gate.options(wished) } : {};
  const passed = {
    ...request,
    spec: { ...spec, providerOptions, tools },
    wishes: wishes && { ...wishes, ...options },
  };
  return { request: passed, warnings: gate.warnings };
}
