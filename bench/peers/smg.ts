import { join } from "node:path";
import { installFromPyPi, type Peer } from "./peer.ts";

const VERSION = "1.13.0";

export const smg: Peer = {
  name: "smg",
  version: VERSION,
  install: (folder) => installFromPyPi(folder, `smg==${VERSION}`),
  command({ folder, upstream, port }) {
    const address = ["--host", "127.0.0.1", "--port", String(port)];
    // Its metrics have a listener of their own, beside its port.
    const metrics = ["--prometheus-host", "127.0.0.1", "--prometheus-port", String(port + 1)];
    const wire = ["--backend", "openai", "--worker-urls", upstream, "--log-level", "warn"];
    return { program: join(folder, "bin/smg"), args: ["launch", ...address, ...metrics, ...wire] };
  },
  headers: () => ({}),
};
