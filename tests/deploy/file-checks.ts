// Checks of the files alone.
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { loadConfig } from "../../src/config/load-config.ts";
import * as types from "../../src/providers/registry.ts";
import { ROOT } from "../interop/run-command.ts";
import { type Check, commandCheck, inFolder, outputOf } from "./check.ts";

const CHART = "deploy/helm/steer";
const VALUES = "tests/deploy/values";
const PROMETHEUS = "deploy/prometheus";

/** The oldest version of Kubernetes whose schemas are asked, and the version that charts are rendered for. */
const KUBERNETES = "1.33";

const dashboards = readdirSync(join(ROOT, "deploy/grafana"))
  .filter((file) => file.endsWith(".json"))
  .map((file) => `../../../deploy/grafana/${file}`);

/** Reads the files with Grafana's and with compose's own code. */
const goCheck = (name: string, args: readonly string[]): Check => ({
  name,
  needs: ["go"],
  async run() {
    await outputOf("go", ["run", ".", ...args], { cwd: "tests/deploy/go" });
    return "";
  },
});

async function rendered(values: string): Promise<string> {
  const args = ["template", "steer", CHART, "--kube-version", `${KUBERNETES}.0`];
  return outputOf("helm", [...args, "--namespace", "gateway", "-f", `${VALUES}/${values}`]);
}

const FILES = readdirSync(join(ROOT, VALUES));

const chartIsValid: Check = {
  name: "the chart's objects, by Kubernetes' schemas",
  needs: ["helm", "kubernetes-validate"],
  run: () =>
    inFolder(async (folder) => {
      for (const values of FILES) {
        const file = join(folder, values);
        writeFileSync(file, await rendered(values));
        await outputOf("kubernetes-validate", ["--strict", "-k", KUBERNETES, file]);
      }
      return "";
    }),
};

interface Variable {
  readonly name: string;
  readonly value?: string;
}

/** Takes the configuration of a rendered chart as the service would in its container. Throws `ConfigError`. */
function loadRendered(text: string, folder: string): void {
  const documents = parseAllDocuments(text);
  const of = (kind: string) => documents.find((document) => document.get("kind") === kind)?.toJS();
  const keys: Readonly<Record<string, string>> = of("Secret")?.stringData ?? {};
  for (const [name, key] of Object.entries(keys)) writeFileSync(join(folder, name), key);
  const file = join(folder, "steer.yaml");
  const config = String(of("ConfigMap").data["steer.yaml"]);
  writeFileSync(file, config.replaceAll("/etc/steer/keys", folder));
  const variables: readonly Variable[] = of("Deployment").spec.template.spec.containers[0].env;
  const environment = Object.fromEntries(variables.map(({ name, value }) => [name, value]));
  const addresses = { STEER_GRPC_ADDRESS: "0.0.0.0:50051", STEER_HTTP_ADDRESS: "0.0.0.0:8080" };
  loadConfig({ ...types }, { ...environment, ...addresses, STEER_CONFIG: file });
}

const chartConfigures: Check = {
  name: "the chart's configuration, by the service",
  needs: ["helm"],
  run: () =>
    inFolder(async (folder) => {
      for (const values of FILES) loadRendered(await rendered(values), folder);
      return "";
    }),
};

const chartRefusesNobody: Check = {
  name: "the chart says that it needs callers",
  needs: ["helm"],
  async run() {
    try {
      await outputOf("helm", ["template", "steer", CHART, "--kube-version", `${KUBERNETES}.0`]);
    } catch (error) {
      return String(error).includes("config.callers") ? "" : String(error);
    }
    return "it is rendered without callers";
  },
};

export const fileChecks: readonly Check[] = [
  commandCheck("alerts fire at their bounds", "promtool", [
    ["check", "config", "--syntax-only", `${PROMETHEUS}/prometheus.yaml`],
    ["check", "rules", `${PROMETHEUS}/alerts.yaml`],
    ["test", "rules", `${PROMETHEUS}/alerts.test.yaml`],
  ]),
  goCheck("dashboards, by Grafana's types", ["dashboard", ...dashboards]),
  goCheck("compose.yaml, by compose's parser", ["compose", "../../../deploy/compose.yaml"]),
  commandCheck("the chart is linted", "helm", [
    ["lint", "--strict", CHART, "-f", `${VALUES}/all.yaml`],
  ]),
  chartIsValid,
  chartConfigures,
  chartRefusesNobody,
];
