// What operators are told who ask for a change that cannot be made.
import { GatewayError } from "../domain/gateway-error.ts";
import { didYouMean } from "../domain/near-names.ts";

/** Identifiers among which a similar one is looked for: the look takes a millisecond. */
const MAX_COMPARED = 1_000;

function similar(id: string, lists: readonly Iterable<string>[]): string {
  const compared: string[] = [];
  for (const list of lists) {
    for (const each of list) {
      if (compared.length === MAX_COMPARED) break;
      compared.push(each);
    }
  }
  return didYouMean(id, compared);
}

export function noCaller(id: string, ...known: readonly Iterable<string>[]): GatewayError {
  const message = `no caller "${id}"${similar(id, known)}: \`steer callers list\` shows all`;
  return new GatewayError("not-found", message, {
    reason: "CALLER_NOT_FOUND",
    metadata: { resource_type: "caller", resource_name: id },
  });
}

export function noGroup(id: string, ...known: readonly Iterable<string>[]): GatewayError {
  const message = `no group "${id}"${similar(id, known)}: \`steer groups list\` shows all`;
  return new GatewayError("not-found", message, {
    reason: "GROUP_NOT_FOUND",
    metadata: { resource_type: "group", resource_name: id },
  });
}

/** `prefix` has the form of a prefix: a whole key must not come into a message. */
export function noKey(prefix: string): GatewayError {
  const message = `no key "${prefix}": \`steer keys list CALLER\` shows the keys of a caller`;
  return new GatewayError("not-found", message, {
    reason: "KEY_NOT_FOUND",
    metadata: { resource_type: "key", resource_name: prefix },
  });
}

export function exists(type: "caller" | "group", id: string, isConfigured: boolean): GatewayError {
  const where = isConfigured ? " in the configuration" : "";
  return new GatewayError("conflict", `there is a ${type} "${id}" already${where}`, {
    reason: type === "caller" ? "CALLER_EXISTS" : "GROUP_EXISTS",
    metadata: { resource_type: type, resource_name: id },
  });
}

/** Callers and groups of the configuration are changed where they stand. */
export function configured(type: "caller" | "group", id: string): GatewayError {
  const message =
    `${type} "${id}" stands in the configuration, under \`${type}s\`: change the file and reload, ` +
    "or remove the entry there first";
  return new GatewayError("conflict", message, {
    reason: "CONFIGURED_CALLER",
    metadata: { resource_type: type, resource_name: id },
  });
}

export function lastOperator(id: string): GatewayError {
  const message =
    `"${id}" is the last operator with a key that has no end: ` +
    "make another one first, or force the change";
  return new GatewayError("conflict", message, {
    reason: "LAST_OPERATOR",
    metadata: { caller: id },
  });
}

export function groupInUse(id: string, callers: readonly string[]): GatewayError {
  const named = callers.slice(0, 3).join(", ");
  const more = callers.length > 3 ? ` and ${callers.length - 3} more` : "";
  const message = `group "${id}" has callers: ${named}${more}; change or delete them first`;
  return new GatewayError("conflict", message, {
    reason: "GROUP_IN_USE",
    metadata: { group: id, callers: String(callers.length) },
  });
}

export function tooMany(what: string, most: number): GatewayError {
  return new GatewayError("caller-limit", `there are ${most} ${what} already: delete some`, {
    reason: "CALLER_STORE_FULL",
    metadata: { limit: String(most) },
  });
}
