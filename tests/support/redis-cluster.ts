// A real Redis Cluster of one machine: nodes that meet, share the slots and vote.
import { ABSENT_KEY } from "../../src/store/redis/keys.ts";
import { freePort } from "./free-port.ts";
import { type RedisServer, startRedis } from "./redis.ts";
import { eventually } from "./stack.ts";

const SLOTS = 16_384;
/** A node that is silent for this long is voted out. Short, because tests wait for it. */
const NODE_TIMEOUT_MS = 1_000;

export interface RedisCluster extends AsyncDisposable {
  readonly nodes: readonly RedisServer[];
  /** A URL of any one node. */
  readonly url: string;
  /** The node with the slot of Steer's keys, as the living nodes agree. */
  owner(): Promise<RedisServer>;
  /** A master without the slot. */
  other(): Promise<RedisServer>;
  /** Begins to move the slot with some of its keys; the returned function moves the rest. */
  beginMove(to: RedisServer): Promise<() => Promise<void>>;
}

export interface RedisClusterOptions {
  /** Masters with a share of the slots. Default: 3. */
  readonly masters?: number;
  /** Each master has a replica. Default: false. */
  readonly hasReplicas?: boolean;
  /** Slots of each master. Default: equal shares. */
  readonly slots?: readonly (readonly [number, number])[];
  /** Further arguments of each node's command line. */
  readonly args?: readonly string[];
}

async function startNode(args: readonly string[]): Promise<RedisServer> {
  return startRedis({
    args: ["--cluster-enabled", "yes", "--cluster-port", String(await freePort())]
      .concat(["--cluster-node-timeout", String(NODE_TIMEOUT_MS)])
      .concat(["--repl-diskless-sync-delay", "0", ...args]),
  });
}

async function idOf(node: RedisServer): Promise<string> {
  return String(await node.command("CLUSTER", "MYID"));
}

/** Lines of a node's view that satisfy a condition. */
async function view(node: RedisServer): Promise<readonly string[]> {
  return String(await node.command("CLUSTER", "NODES"))
    .trim()
    .split("\n");
}

export async function startRedisCluster(options: RedisClusterOptions = {}): Promise<RedisCluster> {
  const { masters: count = 3, hasReplicas = false, args = [] } = options;
  const total = hasReplicas ? 2 * count : count;
  const nodes = await Promise.all(Array.from({ length: total }, () => startNode(args)));
  const masters = nodes.slice(0, count);
  const [first] = nodes;
  if (first === undefined) throw new Error("no node");
  const shares =
    options.slots ??
    masters.map((_, index) => [
      Math.floor((index * SLOTS) / count),
      Math.floor(((index + 1) * SLOTS) / count) - 1,
    ]);
  for (const [index, node] of nodes.entries()) {
    await node.command("CLUSTER", "SET-CONFIG-EPOCH", String(index + 1));
    const share = index < count ? shares[index] : undefined;
    if (share !== undefined) {
      await node.command("CLUSTER", "ADDSLOTSRANGE", ...share.map(String));
    }
    const answer = await node.command("CONFIG", "GET", "cluster-port");
    const bus = (answer as Record<string, string>)["cluster-port"] ?? "";
    if (node !== first) await first.command("CLUSTER", "MEET", "127.0.0.1", String(node.port), bus);
  }

  await formed((lines) => lines.length === total);
  for (const [index, node] of nodes.slice(count).entries()) {
    const master = masters[index];
    if (master !== undefined) await node.command("CLUSTER", "REPLICATE", await idOf(master));
  }
  await formed((lines) => lines.filter((line) => line.includes("slave")).length === total - count);
  for (const node of options.slots === undefined ? nodes : []) {
    await eventually(
      async () =>
        String(await node.command("CLUSTER", "INFO")).includes("cluster_state:ok") &&
        (masters.includes(node) ||
          String(await node.command("INFO", "replication")).includes("master_link_status:up")),
    );
  }

  async function formed(isMet: (lines: readonly string[]) => boolean): Promise<void> {
    for (const node of nodes) await eventually(async () => isMet(await view(node)));
  }

  async function ownerAt(node: RedisServer): Promise<RedisServer | undefined> {
    const answer = await node.command("EXISTS", ABSENT_KEY).then(
      () => node.port,
      (error: Error) => Number(/^MOVED .*:(\d+)$/.exec(error.message)?.[1]),
    );
    return nodes.find(({ port }) => port === answer);
  }

  async function owner(): Promise<RedisServer> {
    for (const node of nodes) {
      const found = await ownerAt(node).catch(() => undefined);
      if (found !== undefined) return found;
    }
    throw new Error("no node has the slot");
  }

  async function beginMove(to: RedisServer): Promise<() => Promise<void>> {
    const from = await owner();
    const slot = String(await from.command("CLUSTER", "KEYSLOT", ABSENT_KEY));
    const id = await idOf(to);
    const moveKeys = async (count: number): Promise<number> => {
      const keys = (await from.command(
        "CLUSTER",
        "GETKEYSINSLOT",
        slot,
        String(count),
      )) as string[];
      const words = ["127.0.0.1", String(to.port), "", "0", "5000", "KEYS", ...keys];
      if (keys.length > 0) await from.command("MIGRATE", ...words);
      return keys.length;
    };
    await to.command("CLUSTER", "SETSLOT", slot, "IMPORTING", await idOf(from));
    await from.command("CLUSTER", "SETSLOT", slot, "MIGRATING", id);
    await moveKeys(2);
    return async () => {
      while ((await moveKeys(100)) > 0);
      for (const node of [to, ...masters.filter((each) => each !== to)]) {
        await node.command("CLUSTER", "SETSLOT", slot, "NODE", id);
      }
    };
  }

  return {
    nodes,
    url: first.url,
    owner,
    async other() {
      const has = await owner();
      const other = masters.find((node) => node !== has);
      if (other === undefined) throw new Error("there is one master only");
      return other;
    },
    beginMove,
    async [Symbol.asyncDispose]() {
      await Promise.all(nodes.map((node) => node[Symbol.asyncDispose]()));
    },
  };
}
