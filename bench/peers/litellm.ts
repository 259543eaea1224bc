import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { installFromPyPi, type Peer } from "./peer.ts";

const VERSION = "1.100.5";
const MODELS = ["bench", "paced-5"];

export const litellm: Peer = {
  name: "LiteLLM",
  version: VERSION,
  install: (folder) => installFromPyPi(folder, `litellm[proxy]==${VERSION}`),
  command({ folder, upstream, port }) {
    const config = join(folder, "litellm.json");
    const models = MODELS.map((model) => ({
      model_name: model,
      litellm_params: { model: `openai/${model}`, api_base: `${upstream}/v1`, api_key: "none" },
    }));
    // JSON is YAML, in which its configuration is read.
    writeFileSync(config, JSON.stringify({ model_list: models }));
    const address = ["--host", "127.0.0.1", "--port", String(port)];
    return {
      program: join(folder, "bin/litellm"),
      args: ["--config", config, ...address, "--telemetry", "False"],
      // Otherwise it downloads its prices at the start.
      env: { LITELLM_LOCAL_MODEL_COST_MAP: "True" },
    };
  },
  headers: () => ({}),
};
