import type { DescMethod } from "@bufbuild/protobuf";
import type { Operation } from "../calls/operation.ts";

const operations = new WeakMap<DescMethod, Operation>();

function describe({ parent, name, methodKind }: DescMethod): Operation {
  return {
    name: `${parent.typeName}/${name}`,
    kind: methodKind === "server_streaming" ? "server-stream" : "unary",
    audience: parent.typeName.startsWith("steer.admin.") ? "operators" : "callers",
  };
}

/** The operation of a method of the contract. */
export function operationOf(method: DescMethod): Operation {
  let operation = operations.get(method);
  if (operation === undefined) {
    operation = describe(method);
    operations.set(method, operation);
  }
  return operation;
}
