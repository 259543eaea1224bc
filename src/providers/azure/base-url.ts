// Azure's two kinds of addresses. The newer one ends with /v1 and has the deployment in the body. The dated one has
// the deployment in the path of Chat, and needs an API version.
import type { ProviderInstance } from "../../ports/provider-instance.ts";
import { baseUrlProblem } from "../shared/base-url-problem.ts";

const IS_V1 = /\/v1$/;
const DEPLOYMENT = /\/deployments(?:\/.*)?$/;

/** Why an address is no valid base URL of an instance; undefined: it is. */
export function azureBaseUrlProblem(baseUrl: string): string | undefined {
  if (baseUrl === "") return "is missing: write https://RESOURCE.openai.azure.com/openai/v1";
  const { origin, pathname } = new URL(baseUrl);
  const deployment = DEPLOYMENT.exec(pathname)?.[0];
  if (deployment !== undefined) {
    const base = origin + pathname.slice(0, -deployment.length);
    return `names a deployment, which is the provider_model of a model: write ${base}`;
  }
  const problem = baseUrlProblem(baseUrl);
  if (problem !== undefined || pathname !== "/" || baseUrl.endsWith("/")) return problem;
  return `has no path: write ${origin}/openai/v1, or ${origin}/openai with an api_version`;
}

/** Why the API version does not fit the address; undefined: it does. */
export function apiVersionProblem(
  baseUrl: string,
  apiVersion: string | undefined,
): string | undefined {
  if (apiVersion !== undefined || IS_V1.test(baseUrl)) return undefined;
  return "is missing: an address that does not end with /v1 needs one, such as 2024-10-21";
}

/** Path of an endpoint of a deployment, below the base URL. */
export function endpointPath(
  { baseUrl, apiVersion }: Pick<ProviderInstance, "baseUrl" | "apiVersion">,
  endpoint: string,
  deployment: string,
): string {
  const query = apiVersion === undefined ? "" : `?api-version=${encodeURIComponent(apiVersion)}`;
  const isDated = !IS_V1.test(baseUrl) && endpoint === "/chat/completions";
  const place = isDated ? `/deployments/${encodeURIComponent(deployment)}` : "";
  return place + endpoint + query;
}
