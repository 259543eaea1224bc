// A process that serves a store in its memory until it is killed. Argument: the folder of its socket. It prints the
// path of the socket.
import { systemClock } from "../../src/clock.ts";
import { openStores } from "../../src/open-stores.ts";
import { serveStores } from "../../src/serve-stores.ts";

const [, , folder = ""] = process.argv;
const stores = await openStores({ type: "memory", maxBytes: 256 * 1024 * 1024 }, systemClock);
const { address } = await serveStores({ stores, clock: systemClock, log: () => {}, folder });
process.stdout.write(`${address.path}\n`);
