import type { DescMessage, Message } from "@bufbuild/protobuf";
import { type FieldViolation, GatewayError } from "../../domain/gateway-error.ts";
import { Breaches } from "./breaches.ts";
import { CompiledRules } from "./compiled-rules.ts";
import type { MessageFields } from "./field-values.ts";

/** The error of a request that breaks rules. The first violation is its message. */
export function refuse(violations: readonly FieldViolation[]): GatewayError {
  const [first] = violations;
  const where = first === undefined || first.field === "" ? "" : `${first.field}: `;
  const message = `${where}${first?.description ?? "invalid request"}`;
  return new GatewayError("validation", message, { violations });
}

// Its state is what it has compiled, so that all instances of `Rules` share it.
const compiled = new CompiledRules();

/** The rules that stand with the fields of the contract. */
export class Rules {
  /**
   * `schemas` are compiled once, so that no caller pays for their rules.
   * Throws `UnknownRule` for a rule that cannot be compiled.
   */
  constructor(schemas: readonly DescMessage[]) {
    for (const schema of schemas) compiled.of(schema);
  }

  /** Throws `validation` for a message that breaks a rule. `within`: path of the message in errors. */
  check(schema: DescMessage, message: Message, within = ""): void {
    const rules = compiled.of(schema);
    const fields = message as unknown as MessageFields;
    if (rules.obeys(fields)) return;
    const breaches = new Breaches();
    rules.find(fields, within, breaches);
    throw refuse(breaches.found);
  }
}
