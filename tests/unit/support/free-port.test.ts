import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { freePort } from "../../support/free-port.ts";

/** Linux says here which ports it picks. */
const RANGE = "/proc/sys/net/ipv4/ip_local_port_range";

describe("a free port", () => {
  it.skipIf(!existsSync(RANGE))("is none that the kernel gives to a connection", async () => {
    const first = Number(readFileSync(RANGE, "utf8").split(/\s+/)[0]);
    for (let round = 0; round < 20; round++) expect(await freePort()).toBeLessThan(first);
  });

  it("can be listened on at any address", async () => {
    const port = await freePort();
    for (const host of ["127.0.0.1", "0.0.0.0"]) {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(port, host, resolve));
      await new Promise((resolve) => server.close(resolve));
    }
  });
});
