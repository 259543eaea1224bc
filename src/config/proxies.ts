import type { ProxySettings } from "../domain/connection-settings.ts";
import { ConfigProblem, type Reader, text } from "./readers.ts";
import { ConfigError, type Environment } from "./sources.ts";

/** Why an address is no proxy's, as a clause without quotes from it; undefined: it is valid. */
function problemOf(address: string): string | undefined {
  const parsed = URL.canParse(address) ? new URL(address) : undefined;
  if (parsed?.protocol !== "http:" && parsed?.protocol !== "https:") {
    return "must be the http or https address of a proxy";
  }
  if (parsed.pathname !== "/" || /[?#]/.test(address)) {
    return "must be the address of a proxy without path, query or fragment";
  }
  if (parsed.username === "" && parsed.password !== "") return "has a password without a user";
  try {
    decodeURIComponent(parsed.username + parsed.password);
  } catch {
    return "has credentials in which a % is not written as %25";
  }
  return undefined;
}

/** The address of an instance's proxy. */
export const proxyAddress: Reader<string> = (value, path) => {
  const given = text(value, path);
  const problem = problemOf(given);
  if (problem !== undefined) throw new ConfigProblem(path, problem);
  return given;
};

/**
 * The spelling of the variable that is set. Lower case takes precedence, as with curl; an empty value means no proxy.
 */
function spellingOf(environment: Environment, name: string): string {
  const lower = name.toLowerCase();
  return environment[lower] === undefined ? name : lower;
}

/** The proxy of a variable. A host without a scheme means `http:`. */
function proxyOf(environment: Environment, name: string): string {
  const variable = spellingOf(environment, name);
  const given = (environment[variable] ?? "").trim();
  if (given === "") return "";
  const address = given.includes("://") ? given : `http://${given}`;
  const problem = problemOf(address);
  if (problem !== undefined) throw new ConfigError(`${variable}: ${problem}`);
  return address;
}

/**
 * The proxies of the environment; undefined: none. Without `HTTPS_PROXY`, the proxy of `HTTP_PROXY` is used for both.
 * Throws `ConfigError`.
 */
export function environmentProxies(environment: Environment): ProxySettings | undefined {
  const http = proxyOf(environment, "HTTP_PROXY");
  const https = proxyOf(environment, "HTTPS_PROXY") || http;
  if (http === "" && https === "") return undefined;
  const except = environment[spellingOf(environment, "NO_PROXY")] ?? "";
  return { http, https, except };
}
