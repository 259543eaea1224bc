import { execFileSync } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { type Attack, together } from "../attack.ts";
import { RawConnection } from "../connections.ts";
import { GREETING, SETTINGS_ACK } from "../http2-frames.ts";

const CONNECTIONS = 10_000;
/** What the gateway and this process have open besides. */
const SPARE = 500;
/** So many are opened before it is waited for them. */
const BATCH = 200;

function maxOpenFiles(): number {
  const limit = execFileSync("sh", ["-c", "ulimit -Hn"], { encoding: "utf8" }).trim();
  return limit === "unlimited" ? Number.POSITIVE_INFINITY : Number(limit);
}

export const IDLE: Attack = {
  name: "idle",
  cases: ["X1"],
  about: `${CONNECTIONS.toLocaleString("en")} connections that do nothing: half greet over gRPC, half are silent on the HTTP port`,
  seconds: 60,
  skipped() {
    const limit = maxOpenFiles();
    if (limit >= CONNECTIONS + SPARE) return undefined;
    return `a process may have ${limit} files open here, and ${CONNECTIONS + SPARE} are needed`;
  },
  prepare: () => async (run) => {
    const greeted: RawConnection[] = [];
    const silent: RawConnection[] = [];
    const hello = Buffer.concat([GREETING, SETTINGS_ACK]);
    const open = async (index: number): Promise<void> => {
      const isGrpc = index % 2 === 0;
      const connection = new RawConnection(isGrpc ? run.target.grpc : run.target.http);
      (isGrpc ? greeted : silent).push(connection);
      if (!(await connection.opened())) return;
      if (isGrpc) await connection.write(hello, 100);
      // The gateway ends what is silent for ten seconds, and a slow machine takes as long to open all.
      else run.end("open");
    };
    while (greeted.length + silent.length < CONNECTIONS && !run.isOver) {
      await together(BATCH, open);
      run.count(BATCH);
    }
    await delay(1_000);
    for (const connection of greeted) if (connection.isOpen) run.end("open");
    for (const connection of [...greeted, ...silent]) connection.close();
  },
  wrong: ({ ends }) =>
    ends["open"] === CONNECTIONS ? undefined : `${ends["open"] ?? 0} connections are open`,
};
