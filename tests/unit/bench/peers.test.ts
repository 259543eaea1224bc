// Peers are installed from registries, which a test does not ask; what surrounds them is tested here.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { installFromNpm, NotInstalled, type Peer } from "../../../bench/peers/peer.ts";
import { startPeer } from "../../../bench/peers/start-peer.ts";
import { Scene } from "../../../bench/scene.ts";
import { ROOT } from "../../support/guide-pages.ts";

const scene = new Scene(1_000);
afterAll(() => scene[Symbol.asyncDispose]());

const peer: Peer = {
  name: "nobody",
  version: "1.0.0",
  install() {
    throw new NotInstalled("npm install ended with 1");
  },
  command: () => ({ program: "false", args: [] }),
  headers: () => ({}),
};

describe("a peer that cannot be had", () => {
  it("is skipped with the reason", async () => {
    expect(await startPeer(scene, peer)).toEqual({ peer, reason: "npm install ended with 1" });
  });

  it("has a reason that names the installer alone", () => {
    // Without its folder npm cannot be started, and asks no registry.
    expect(() => installFromNpm(join(scene.folder, "missing"))).toThrow(
      new NotInstalled("npm install could not be run to its end"),
    );
  });

  it("whose installation has a defect of the bench is no skipped peer", async () => {
    const broken: Peer = {
      ...peer,
      name: "broken",
      install: () => {
        throw new TypeError("a defect");
      },
    };
    await expect(startPeer(scene, broken)).rejects.toThrow("a defect");
  });
});

it("a program without an option for its address listens on the loopback address", () => {
  const program = `
    const server = require("node:http").createServer();
    server.listen(0, undefined, () => { console.log(server.address().address); server.close(); });
  `;
  const preload = join(ROOT, "bench/peers/loopback.ts");
  const { stdout } = spawnSync(process.execPath, ["--import", preload, "-e", program], {
    encoding: "utf8",
  });
  expect(stdout).toBe("127.0.0.1\n");
});
