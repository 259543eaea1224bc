import { createRequire } from "node:module";
import type { DescMessage, Message } from "@bufbuild/protobuf";
import { type FieldViolation, GatewayError } from "../../domain/gateway-error.ts";
import { CompiledRules } from "./compiled-rules.ts";
import type { MessageFields } from "./field-values.ts";
import { type NestedMessage, nestedMessages } from "./nested-messages.ts";

/** More violations than these are not named. */
const MAX_VIOLATIONS = 20;
/** Most fields of a request whose violations are looked for all; of a larger one the first is enough. */
const MAX_FIELDS_FOR_ALL = 1_024;

/** The error of a request that breaks rules. The first violation is its message. */
export function refuse(violations: readonly FieldViolation[]): GatewayError {
  const [first] = violations;
  const where = first === undefined || first.field === "" ? "" : `${first.field}: `;
  const message = `${where}${first?.description ?? "invalid request"}`;
  return new GatewayError("validation", message, { violations });
}

/** The path of a field in the outermost message. */
function joined(...parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join(".");
}

// Its state is what it has compiled, so that all instances of `Rules` share it.
const compiled = new CompiledRules();
const load = createRequire(import.meta.url);

/** Loads the library at once: its callers cannot wait, and nothing else that they do can. */
function library() {
  return load("./find-violations.ts") as typeof import("./find-violations.ts");
}

/** The rules that stand with the fields of the contract. */
export class Rules {
  /**
   * `schemas` are compiled once, so that no caller pays for their rules. Only the first invalid request of a process
   * does: it loads the library.
   * Throws `UnknownRule` for a rule without a compiled check.
   */
  constructor(schemas: readonly DescMessage[]) {
    for (const schema of schemas) compiled.of(schema);
  }

  /** Throws `validation` for a message that breaks a rule. `within`: path of the message in errors. */
  check(schema: DescMessage, message: Message, fields = 0, within = ""): void {
    if (compiled.of(schema)(message as unknown as MessageFields)) return;
    const wanted = fields <= MAX_FIELDS_FOR_ALL ? "all" : "first";
    this.#ask({ schema, message, path: within }, wanted);
    // The library forgets the rules of a type within itself, such as a part in a part. It knows them of each alone.
    for (const nested of nestedMessages(schema, message)) {
      this.#ask({ ...nested, path: joined(within, nested.path) }, wanted);
    }
  }

  #ask({ schema, message, path }: NestedMessage, wanted: "all" | "first"): void {
    const found = this.#find(schema, message, wanted).slice(0, MAX_VIOLATIONS);
    if (found.length === 0) return;
    throw refuse(
      found.map(({ path: field, description }) => ({ field: joined(path, field), description })),
    );
  }

  #find(schema: DescMessage, message: Message, wanted: "all" | "first") {
    try {
      return library().findViolations(schema, message, wanted);
    } catch (cause) {
      throw new GatewayError("internal", "the validation rules failed", { cause });
    }
  }
}
