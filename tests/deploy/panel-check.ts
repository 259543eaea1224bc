// Each expression of the dashboards and alerts on a real Prometheus that scrapes gateways under load.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT, runCommand } from "../interop/run-command.ts";
import { endsWithParent } from "../support/ends-with-parent.ts";
import { freePort } from "../support/free-port.ts";
import { metricsPage } from "../support/read-metrics.ts";
import { startRedis } from "../support/redis.ts";
import { type ServiceProcess, startService } from "../support/service.ts";
import { eventually } from "../support/stack.ts";
import { environmentOfRun } from "../support/test-run.ts";
import { type Check, inFolder } from "./check.ts";
import { LOAD_CONFIG, startLoad, startLongStreams } from "./load.ts";

/** The window of rates: more than two scrapes. */
const WINDOW = "10s";
const PATIENCE_MS = 90_000;

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

interface Expression {
  readonly where: string;
  readonly expr: string;
}

/** With Grafana's variables filled in. */
function panelExpressions(): Expression[] {
  const folder = join(ROOT, "deploy/grafana");
  const files = readdirSync(folder).filter((file) => file.endsWith(".json"));
  return files.flatMap((file) => {
    const { panels } = JSON.parse(readFileSync(join(folder, file), "utf8")) as { panels: Panel[] };
    return panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ expr }) => ({
        where: `${file}: ${title}`,
        expr: expr.replaceAll("$__rate_interval", WINDOW).replaceAll("$provider", ".+"),
      })),
    );
  });
}

class Prometheus {
  readonly #url: string;
  readonly #child: ChildProcess;

  private constructor(port: number, child: ChildProcess) {
    this.#url = `http://127.0.0.1:${port}`;
    this.#child = child;
  }

  static async start(targets: readonly string[], folder: string): Promise<Prometheus> {
    const file = join(folder, "prometheus.yaml");
    const rules = join(ROOT, "deploy/prometheus/alerts.yaml");
    const settings = {
      global: { scrape_interval: "1s", evaluation_interval: "1s" },
      rule_files: [rules],
      scrape_configs: [{ job_name: "steer", static_configs: [{ targets }] }],
    };
    // JSON is YAML.
    writeFileSync(file, JSON.stringify(settings));
    const port = await freePort();
    const args = [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ];
    const child = spawn(...endsWithParent("prometheus", args), {
      env: environmentOfRun(),
      stdio: "ignore",
    });
    return new Prometheus(port, child);
  }

  /** Whether the expression has a value that is a number. */
  async hasValue({ expr }: Expression): Promise<boolean> {
    const body = new URLSearchParams({ query: expr });
    const response = await fetch(`${this.#url}/api/v1/query`, { method: "POST", body });
    const answer = (await response.json()) as {
      readonly status: string;
      readonly error?: string;
      readonly data: { readonly result: readonly { readonly value: readonly [number, string] }[] };
    };
    if (answer.status !== "success") throw new Error(`${expr}: ${answer.error}`);
    return answer.data.result.some(({ value }) => Number.isFinite(Number(value[1])));
  }

  /** Alerts whose expressions Prometheus could not evaluate, or has not yet. */
  async unhealthyAlerts(): Promise<readonly string[]> {
    const response = await fetch(`${this.#url}/api/v1/rules`);
    const { data } = (await response.json()) as {
      data: { groups: { rules: { name: string; health: string }[] }[] };
    };
    const rules = data.groups.flatMap((group) => group.rules);
    if (rules.length === 0) return ["no alerts"];
    return rules.filter(({ health }) => health !== "ok").map(({ name }) => `alert ${name}`);
  }

  async isUp(): Promise<boolean> {
    return fetch(`${this.#url}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGKILL");
    await once(this.#child, "close");
  }
}

/** Suspends a replica until another has taken its streams over, so that its writers find themselves replaced. */
async function loseReplica(lost: ServiceProcess, heir: ServiceProcess): Promise<void> {
  lost.signal("SIGSTOP");
  await eventually(async () => (await metricsPage(heir)).includes("steer_takeover_total{"));
  lost.signal("SIGCONT");
}

/** Expressions that have no value while there is load. */
async function emptyExpressions(prometheus: Prometheus): Promise<readonly string[]> {
  let empty: readonly Expression[] = panelExpressions();
  const deadline = performance.now() + PATIENCE_MS;
  while (empty.length > 0 && performance.now() < deadline) {
    const found = await Promise.all(empty.map((each) => prometheus.hasValue(each)));
    empty = empty.filter((_, index) => found[index] !== true);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return empty.map(({ where, expr }) => `${where}: no data: ${expr}`);
}

/** The page is one that Prometheus' own linter takes. */
async function lint(page: string, folder: string): Promise<readonly string[]> {
  const file = join(folder, "metrics.txt");
  writeFileSync(file, page);
  const args = ["-c", `promtool check metrics <"$0"`, file];
  const { code, stdout, stderr } = await runCommand({ command: "sh", args, cwd: "." }, {}, 30_000);
  return code === 0 ? [] : [`promtool check metrics: ${stdout}${stderr}`];
}

async function problems(
  services: readonly ServiceProcess[],
  folder: string,
): Promise<readonly string[]> {
  const [first, second] = services;
  if (first === undefined || second === undefined) throw new Error("no replicas");
  const targets = services.map(({ log }) => String(log[0]?.["metrics"]));
  const prometheus = await Prometheus.start(targets, folder);
  const stop = startLoad(services.filter((each) => each !== second).map(({ grpc }) => grpc));
  const close = startLongStreams(second.grpc, first.grpc);
  try {
    await eventually(() => prometheus.isUp());
    await eventually(async () =>
      /steer_stream_active\{[^}]*\} [1-9]/.test(await metricsPage(second)),
    );
    await loseReplica(second, first);
    const empty = await emptyExpressions(prometheus);
    const alerts = await prometheus.unhealthyAlerts();
    return [...empty, ...alerts, ...(await lint(await metricsPage(first), folder))];
  } finally {
    close();
    await stop();
    await prometheus.stop();
  }
}

export const panelCheck: Check = {
  name: "every panel has data, and every alert a value, under load",
  needs: ["prometheus", "promtool", "redis-server"],
  async run() {
    await using redis = await startRedis();
    const metrics = { STEER_TELEMETRY_METRICS_ADDRESS: "127.0.0.1:0" };
    const shared = { config: LOAD_CONFIG, env: { ...metrics, STEER_STREAM_STORE: redis.url } };
    const services = await Promise.all([
      startService(shared),
      startService(shared),
      // The memory of a store in memory is a panel too.
      startService({ config: LOAD_CONFIG, env: metrics }),
    ]);
    try {
      const found = await inFolder((folder) => problems(services, folder));
      return found.join("\n");
    } finally {
      await Promise.all(services.map((service) => service.stop()));
    }
  },
};
