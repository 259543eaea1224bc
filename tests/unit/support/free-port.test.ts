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

  it("is given to one caller, though its server is not up yet", async () => {
    // Without a claim two of 300 picked ports are the same in 97 of 100 runs.
    const ports = new Set<number>();
    for (let pick = 0; pick < 300; pick++) ports.add(await freePort());
    expect(ports.size).toBe(300);
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
