import { systemClock } from "./clock.ts";
import { loadConfig } from "./config/load-config.ts";
import { describeDefect } from "./domain/defect.ts";
import type { PlaceRequest } from "./domain/place-message.ts";
import { openStores } from "./open-stores.ts";
import { createProcessLog } from "./process-log.ts";
import * as providerTypes from "./providers/registry.ts";
import { SharedPlaces } from "./reliability/shared-places.ts";
import { OWN_PARTS, type RunningService, startService } from "./service.ts";
import { warmUpFor } from "./warm-up.ts";
import { PrimaryLink } from "./workers/primary-link.ts";

/** Serves the primary's ports until the primary ends this worker, or is gone. */
export async function runWorker(): Promise<void> {
  const worker = Number(process.argv[2]);
  const { log, flush, say } = createProcessLog(worker);
  const hurry = new AbortController();
  let service: RunningService | undefined;
  let configText: string | undefined;
  let stopping = false;

  function stop(): void {
    if (stopping) return;
    stopping = true;
    const stopped = service?.stop(hurry.signal) ?? Promise.resolve();
    void stopped.finally(() => {
      flush();
      process.exit(0);
    });
  }

  let places: SharedPlaces | undefined;

  const link = new PrimaryLink({
    begin({ rank }) {
      const send = (request: PlaceRequest): void => void link.tell({ type: "places", request });
      places = new SharedPlaces({ rank, send });
    },
    hearPlaces: (answer) => places?.hear(answer),
    reload(text) {
      configText = text;
      void service?.reload();
    },
    stop,
    hurry: () => hurry.abort(),
    readMetrics: async () => service?.readMetrics?.(),
    onDefect: (error) => log({ event: "defect", ...describeDefect(error) }),
    onPrimaryEnded() {
      if (!stopping) say("the primary process has ended: this worker ends too");
      // No call can arrive any more, and running ones are handed over.
      hurry.abort();
      stop();
    },
  });
  const { start, ports } = await link.place;
  configText = start.configText;
  const load = () => loadConfig(providerTypes, undefined, configText);
  let trouble: string | undefined;
  try {
    trouble = await warmUpFor(load().warmUpMs, systemClock);
    service = await startService(log, systemClock, load, {
      ...OWN_PARTS,
      open: (_configured, clock) => openStores(start.store, clock),
      worker: {
        replica: start.replica,
        places,
        ports: { grpc: ports.grpc.listen, http: ports.http.listen },
        tellsWarnings: worker === 0,
      },
    });
  } catch (error) {
    await link.tell({
      type: "start failed",
      message: error instanceof Error ? error.message : String(error),
    });
    process.exit(1);
  }
  if (start.reloadedText !== undefined) {
    // Like the other workers: what needs a restart stays as it was at the start of the primary.
    configText = start.reloadedText;
    await service.reload();
  }
  if (trouble !== undefined) log({ event: "warning", message: trouble });
  await link.tell({ type: "ready" });
}
