import { create, type DescMessage, fromBinary, type Message } from "@bufbuild/protobuf";
import { pathToString } from "@bufbuild/protobuf/reflect";
import { createValidator } from "@bufbuild/protovalidate";
import { type FieldViolation, GatewayError } from "../domain/gateway-error.ts";

/** Turns what a listener has received into a request that satisfies the rules of the contract. */
export type RequestDecoder = (schema: DescMessage, request: Uint8Array | Message) => Message;

/** More violations than these are not named. */
const MAX_VIOLATIONS = 20;

/** `schemas` are validated once, so that no caller pays for compiling their rules. */
export function createRequestDecoder(schemas: readonly DescMessage[]): RequestDecoder {
  const validator = createValidator();
  for (const schema of schemas) validator.validate(schema, create(schema));

  function decode(schema: DescMessage, bytes: Uint8Array): Message {
    try {
      return fromBinary(schema, bytes);
    } catch (cause) {
      throw new GatewayError("validation", `the request is not a ${schema.typeName}`, { cause });
    }
  }

  return (schema, request) => {
    const message = request instanceof Uint8Array ? decode(schema, request) : request;
    const result = validator.validate(schema, message);
    switch (result.kind) {
      case "valid":
        return message;
      case "error":
        throw new GatewayError("internal", "the validation rules failed", { cause: result.error });
      case "invalid": {
        const violations: FieldViolation[] = result.violations
          .slice(0, MAX_VIOLATIONS)
          .map((violation) => ({
            field: pathToString(violation.field),
            description: violation.message,
          }));
        const first = violations[0];
        const where = first === undefined || first.field === "" ? "" : `${first.field}: `;
        throw new GatewayError("validation", `${where}${first?.description ?? "invalid request"}`, {
          violations,
        });
      }
    }
  };
}
