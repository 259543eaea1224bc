import { fork } from "node:child_process";
import { join } from "node:path";
import type { Outage, ProviderFigures, ProviderOrder } from "./script.ts";

export interface ProviderProcess extends AsyncDisposable {
  readonly port: number;
  outage(instance: string, outage: Outage | undefined): void;
  /** `takes`: counts begin again afterwards. */
  figures(takes?: boolean): Promise<ProviderFigures>;
}

interface Answer {
  readonly port?: number;
  readonly figures?: ProviderFigures;
}

export async function startProvider(): Promise<ProviderProcess> {
  const child = fork(join(import.meta.dirname, "../provider.ts"), {
    execPath: process.execPath,
    execArgv: [],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const next = (): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const gone = (): void => reject(new Error("the provider has ended"));
      child.once("exit", gone);
      child.once("message", (answer: Answer) => {
        child.off("exit", gone);
        resolve(answer);
      });
    });
  const send = (order: ProviderOrder): void => void child.send(order);
  const { port = 0 } = await next();
  return {
    port,
    outage: (instance, outage) => send({ type: "outage", instance, outage }),
    async figures(takes = false) {
      const answer = next();
      send({ type: "figures", takes });
      const { figures } = await answer;
      if (figures === undefined) throw new Error("the provider said something else");
      return figures;
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null) return;
      const exited = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await exited;
    },
  };
}
