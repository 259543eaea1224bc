import { mkdirSync } from "node:fs";
import http from "node:http";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../../tests/support/free-port.ts";
import { chatLoad } from "../chat-load.ts";
import { post } from "../http-load.ts";
import { SERVER_CPU, type Served } from "../processes.ts";
import type { Scene } from "../scene.ts";
import { NotInstalled, type Peer } from "./peer.ts";

const READY_MS = 120_000;
const LOOK_MS = 200;

/** Waits until the peer answers a call. */
async function answers(address: string, headers: Readonly<Record<string, string>>): Promise<void> {
  const load = chatLoad("bench", false, headers);
  const agent = new http.Agent();
  const end = performance.now() + READY_MS;
  while (performance.now() < end) {
    const isServed = await post({ agent, address, load }, () => {}).then(
      () => true,
      () => false,
    );
    if (isServed) return;
    await delay(LOOK_MS);
  }
  throw new NotInstalled(`it answered no call within ${READY_MS / 1_000} s of its start`);
}

/** A running peer, or the reason why there is none. */
export type Started =
  | (Served & { readonly peer: Peer })
  | { readonly peer: Peer; readonly reason: string };

/** Installs the peer into the scene's folder and starts it on the measured processor. */
export async function startPeer(scene: Scene, peer: Peer): Promise<Started> {
  const folder = join(scene.folder, peer.name);
  mkdirSync(folder);
  try {
    peer.install(folder);
    const upstream = await scene.upstream();
    const port = await freePort();
    const { program, args, env } = peer.command({ folder, upstream, port });
    const server = scene.startProgram(SERVER_CPU, [program, ...args], { HOME: folder, ...env });
    const address = `127.0.0.1:${port}`;
    await answers(address, peer.headers(upstream));
    return { peer, server, address };
  } catch (error) {
    if (!(error instanceof NotInstalled)) throw error;
    return { peer, reason: error.message };
  }
}
