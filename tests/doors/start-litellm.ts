// LiteLLM's proxy of PyPI with answers of its own: a gateway as a provider.
import { randomBytes } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { freePort } from "../support/free-port.ts";
import { DEFAULT_TEXT } from "../support/upstream.ts";
import { pipPackages, prepared } from "./clients.ts";
import { type StartedServer, startServer } from "./start-server.ts";

/** Nothing is fetched: prices and models come with the package. */
const OFFLINE = { LITELLM_LOCAL_MODEL_COST_MAP: "True", LITELLM_TELEMETRY: "False" };

function model(name: string, answer: string): object {
  const params = { model: `openai/${name}`, api_key: "unused", mock_response: answer };
  return { model_name: name, litellm_params: params };
}

export interface Litellm extends StartedServer {
  /** Key that the proxy asks callers for. */
  readonly key: string;
}

/** Installs and starts the proxy with the models `mock` and `limited`. */
export async function startLitellm(): Promise<Litellm> {
  const { environment, commands } = pipPackages("litellm");
  await prepared("litellm", commands);
  const config = join(mkdtempSync(join(tmpdir(), "litellm-")), "config.yaml");
  const models = [model("mock", DEFAULT_TEXT), model("limited", "litellm.RateLimitError")];
  writeFileSync(config, stringify({ model_list: models }));
  const address = ["--host", "127.0.0.1", "--port", String(await freePort())];
  const key = `sk-${randomBytes(32).toString("hex")}`;
  const server = await startServer({
    command: join(environment, "bin/litellm"),
    args: ["--config", config, ...address],
    cwd: ".",
    env: { ...OFFLINE, LITELLM_MASTER_KEY: key },
  });
  return { ...server, key };
}
