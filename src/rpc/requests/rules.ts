import { create, type DescMessage, type Message } from "@bufbuild/protobuf";
import { pathToString } from "@bufbuild/protobuf/reflect";
import { createValidator, type Validator, type Violation } from "@bufbuild/protovalidate";
import { type FieldViolation, GatewayError } from "../../domain/gateway-error.ts";
import { CompiledRules } from "./compiled-rules.ts";
import type { MessageFields } from "./field-values.ts";
import { nestedMessages } from "./nested-messages.ts";

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

// Their state is what they have planned and compiled, so that all instances of `Rules` share it.
const compiled = new CompiledRules();
const allViolations = createValidator();
const firstViolation = createValidator({ failFast: true });

/** The rules that stand with the fields of the contract. */
export class Rules {
  /**
   * `schemas` are compiled once, so that no caller pays for their rules: planning takes the library 100 ms. Only an
   * invalid request of many fields pays 25 ms, once.
   * Throws `UnknownRule` for a rule without a compiled check.
   */
  constructor(schemas: readonly DescMessage[]) {
    for (const schema of schemas) {
      compiled.of(schema);
      allViolations.validate(schema, create(schema));
    }
  }

  /** Throws `validation` for a message that breaks a rule. `within`: path of the message in errors. */
  check(schema: DescMessage, message: Message, fields = 0, within = ""): void {
    if (compiled.of(schema)(message as unknown as MessageFields)) return;
    const validator = fields <= MAX_FIELDS_FOR_ALL ? allViolations : firstViolation;
    this.#ask(validator, schema, message, within);
    // The library forgets the rules of a type within itself, such as a part in a part. It knows them of each alone.
    for (const nested of nestedMessages(schema, message)) {
      this.#ask(validator, nested.schema, nested.message, joined(within, nested.path));
    }
  }

  #ask(validator: Validator, schema: DescMessage, message: Message, within: string): void {
    const result = validator.validate(schema, message);
    switch (result.kind) {
      case "valid":
        return;
      case "error":
        throw new GatewayError("internal", "the validation rules failed", { cause: result.error });
      case "invalid":
        throw refuse(
          result.violations.slice(0, MAX_VIOLATIONS).map(({ field, message: text }: Violation) => ({
            field: joined(within, pathToString(field)),
            description: text,
          })),
        );
    }
  }
}
