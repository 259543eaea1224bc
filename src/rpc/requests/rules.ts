import { create, type DescMessage, type Message } from "@bufbuild/protobuf";
import { pathToString } from "@bufbuild/protobuf/reflect";
import { createValidator, type Violation } from "@bufbuild/protovalidate";
import { type FieldViolation, GatewayError } from "../../domain/gateway-error.ts";

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

/** The rules that stand with the fields of the contract. */
export class Rules {
  readonly #all = createValidator();
  readonly #first = createValidator({ failFast: true });

  /** `schemas` are compiled once, so that no caller pays for their rules. */
  constructor(schemas: readonly DescMessage[]) {
    for (const schema of schemas) {
      for (const validator of [this.#all, this.#first]) validator.validate(schema, create(schema));
    }
  }

  /** Throws `validation` for a message that breaks a rule. `within`: path of the message in errors. */
  check(schema: DescMessage, message: Message, fields = 0, within = ""): void {
    const validator = fields <= MAX_FIELDS_FOR_ALL ? this.#all : this.#first;
    const result = validator.validate(schema, message);
    switch (result.kind) {
      case "valid":
        return;
      case "error":
        throw new GatewayError("internal", "the validation rules failed", { cause: result.error });
      case "invalid":
        throw refuse(
          result.violations.slice(0, MAX_VIOLATIONS).map(({ field, message }: Violation) => ({
            field: [within, pathToString(field)].filter((part) => part !== "").join("."),
            description: message,
          })),
        );
    }
  }
}
