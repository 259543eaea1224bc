import type { TypeFacts, TypeTable } from "../ports/type-facts.ts";
import type { ProviderEntry } from "./provider-entry.ts";
import { ConfigProblem } from "./readers.ts";

/**
 * Whether the id is the name of another type, which would be ambiguous in a request's `provider_options` and
 * `routing`.
 */
function isTaken(
  { id, type }: ProviderEntry,
  entries: readonly ProviderEntry[],
  types: TypeTable,
): boolean {
  if (id === type || !Object.hasOwn(types, id)) return false;
  return types[id]?.isNameReserved === true || entries.some((each) => each.type === id);
}

/** The type of an entry. Throws `ConfigProblem`. */
export function typeOf(
  entry: ProviderEntry,
  index: number,
  entries: readonly ProviderEntry[],
  types: TypeTable,
): TypeFacts {
  const known = Object.keys(types);
  const type = Object.hasOwn(types, entry.type) ? types[entry.type] : undefined;
  if (type === undefined) {
    const message = `no provider type "${entry.type}"; there are ${known.join(", ")}`;
    throw new ConfigProblem(["providers", index, "type"], message);
  }
  if (isTaken(entry, entries, types)) {
    const message = `"${entry.id}" is the name of a type; an instance of type ${entry.type} needs another id`;
    throw new ConfigProblem(["providers", index, "id"], message);
  }
  return type;
}

/** Checks that `api` of an instance or a model is a dialect of its type. Throws `ConfigProblem`. */
export function checkDialect(
  section: string,
  index: number,
  api: string | undefined,
  type: TypeFacts,
) {
  const dialects = Object.keys(type.dialects);
  if (api === undefined || dialects.includes(api)) return;
  const message =
    type.dialectProblem?.(api) ??
    `must be one of ${dialects.join(", ")} for a provider of this type`;
  throw new ConfigProblem([section, index, "api"], message);
}

/** TLS files of an address without TLS would never be read, so they are a mistake. */
function checkTls({ tls, baseUrl }: ProviderEntry, index: number, type: TypeFacts): void {
  if (tls === undefined || (baseUrl ?? type.defaultBaseUrl).startsWith("https:")) return;
  const message = "says nothing of a server that is called without TLS";
  throw new ConfigProblem(["providers", index, "tls"], message);
}

/**
 * A vendor's errors can quote content of callers, so `error_texts` is refused at a vendor's address. A self-hosted
 * server shows its operator nothing new.
 */
function checkErrorTexts({ errorTexts, baseUrl }: ProviderEntry, index: number, type: TypeFacts) {
  const isVendor = type.apiKeyVariable !== undefined;
  if (!errorTexts || !isVendor || (baseUrl !== undefined && baseUrl !== type.defaultBaseUrl))
    return;
  const message = "is for servers of one's own, and the address is the vendor's";
  throw new ConfigProblem(["providers", index, "error_texts"], message);
}

function checkAddress(
  { baseUrl = "", apiVersion, type: name }: ProviderEntry,
  index: number,
  type: TypeFacts,
): void {
  const isDefault = baseUrl === "" && type.defaultBaseUrl !== "";
  const problem = isDefault ? undefined : type.baseUrlProblem(baseUrl);
  if (problem !== undefined) throw new ConfigProblem(["providers", index, "base_url"], problem);
  const unread = apiVersion === undefined ? undefined : `says nothing of the type ${name}`;
  const wrong = type.apiVersionProblem ? type.apiVersionProblem(baseUrl, apiVersion) : unread;
  if (wrong !== undefined) throw new ConfigProblem(["providers", index, "api_version"], wrong);
}

/** Throws `ConfigProblem` if a key of an instance contradicts its type or another key. */
export function checkInstance(entry: ProviderEntry, index: number, type: TypeFacts): void {
  checkDialect("providers", index, entry.api, type);
  checkAddress(entry, index, type);
  checkErrorTexts(entry, index, type);
  checkTls(entry, index, type);
}
