import type { DescMethod } from "@bufbuild/protobuf";
import type { Operation } from "../calls/operation.ts";

/** Services of operators that callers use too: their handlers ask for the role where it is needed. */
const SHARED: ReadonlySet<string> = new Set(["steer.admin.v1.UsageService"]);

const operations = new WeakMap<DescMethod, Operation>();

function describe({ parent, name, methodKind }: DescMethod): Operation {
  const isOfOperators = parent.typeName.startsWith("steer.admin.") && !SHARED.has(parent.typeName);
  return {
    name: `${parent.typeName}/${name}`,
    kind: methodKind === "server_streaming" ? "server-stream" : "unary",
    audience: isOfOperators ? "operators" : "callers",
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
