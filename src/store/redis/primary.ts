// Finds the server that has the data: the server of the URL, the owner of the slot, or the one that Sentinels name.
import type { Clock } from "../../clock.ts";
import { StoreProblem } from "../store-problem.ts";
import type { StoreTrouble } from "../store-trouble.ts";
import { StoreUnavailable } from "../store-unavailable.ts";
import { limited, openClient, type RedisClient, type Reply } from "./client.ts";
import { isUnknownCommand, movedTo, problemOf } from "./errors.ts";
import { ABSENT_KEY } from "./keys.ts";
import type { Endpoint, RedisAddress } from "./url.ts";

/** Most redirects. Nodes that redirect to each other count as an outage. */
const MAX_HOPS = 5;
/** Most remembered nodes of a cluster, beside those of the URL, that can be asked for the owner. */
const MAX_PEERS = 32;

export interface Primary {
  readonly client: RedisClient;
  readonly endpoint: Endpoint;
}

export interface PrimaryFinder {
  /**
   * A connection to the primary. `hint`: the node named by another node. Rejects with the error of the last node
   * asked, or with a `StoreProblem`.
   */
  find(hint: Endpoint | undefined): Promise<Primary>;
}

/** The node that has the slot of Steer's keys; undefined: this node has it. */
async function ownerOf({ client, endpoint }: Primary): Promise<Endpoint | undefined> {
  try {
    await client.sendCommand(["EXISTS", ABSENT_KEY]);
    return undefined;
  } catch (error) {
    const owner = movedTo(error, endpoint);
    if (owner === undefined) throw error;
    return owner;
  }
}

function parts(reply: Reply | undefined): readonly Reply[] {
  return Array.isArray(reply) ? reply : [];
}

/** All nodes, because each can name the owner if others are lost. Empty if the user may not ask for them. */
async function peersOf({ client, endpoint }: Primary): Promise<readonly Endpoint[]> {
  const shards = await client.sendCommand<Reply>(["CLUSTER", "SLOTS"]).catch(() => null);
  const nodes = parts(shards).flatMap((shard) => parts(shard).slice(2).map(parts));
  // A node that does not know its own name is the asked node.
  const peers = nodes.map(([host, port]) => ({
    host: String(host ?? "") || endpoint.host,
    port: Number(port),
  }));
  return unique(peers).slice(0, MAX_PEERS);
}

function unique(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  return [...new Map(endpoints.map((each) => [`${each.host} ${each.port}`, each])).values()];
}

export function createPrimaryFinder(
  address: RedisAddress,
  clock: Clock,
  signal: AbortSignal,
): PrimaryFinder {
  const { hosts, sentinel, tls } = address;
  let peers: readonly Endpoint[] = [];

  /** Undefined if the server is the primary; otherwise the owner's address, if the server knows it. */
  async function inspect(primary: Primary): Promise<Endpoint | undefined> {
    const { client, endpoint } = primary;
    const greeting = await client.hello();
    const mode = String(greeting.mode);
    if (mode === "sentinel") {
      const message = "the URL leads to a Sentinel: write redis+sentinel://HOST/MASTER";
      throw new StoreProblem("sentinel", true, message);
    }
    if (mode === "cluster") {
      peers = await peersOf(primary);
      return await ownerOf(primary);
    }
    if (hosts.length > 1 && sentinel === undefined) {
      const message =
        "a URL with several hosts names a Redis Cluster, but one of the hosts is no node of a cluster";
      throw new StoreProblem("cluster", true, message);
    }
    if (String(greeting.role) === "master") return undefined;
    const name = `${endpoint.host}:${endpoint.port}`;
    const trouble: StoreTrouble = { cause: "read-only", code: "" };
    throw new StoreUnavailable("not-applied", `Redis at ${name} is a replica`, trouble);
  }

  async function follow(endpoint: Endpoint, hops = MAX_HOPS): Promise<Primary> {
    const client = await openClient(endpoint, address, clock, signal);
    let owner: Endpoint | undefined;
    try {
      owner = await limited(client, clock, signal, () => inspect({ client, endpoint }));
      if (owner === undefined) return { client, endpoint };
    } catch (error) {
      client.destroy();
      throw error;
    }
    client.destroy();
    if (hops > 0) return follow(owner, hops - 1);
    throw new StoreProblem("cluster", false, "no node of the cluster has the slot of Steer's keys");
  }

  /** The server that this Sentinel names. */
  async function masterOf(endpoint: Endpoint, master: string): Promise<Endpoint> {
    const { username = "", password = "" } = sentinel ?? {};
    const options = { tls, username, password, database: 0 };
    const client = await openClient(endpoint, options, clock, signal);
    try {
      const words = ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", master];
      const ask = () => client.sendCommand<Reply>(words);
      const named = await limited(client, clock, signal, ask);
      if (!Array.isArray(named)) {
        throw new StoreProblem("sentinel", true, "the Sentinels watch no master of the URL's name");
      }
      return { host: String(named[0]), port: Number(named[1]) };
    } catch (error) {
      if (!isUnknownCommand(error)) throw error;
      const message = "the URL leads to no Sentinel: write redis://HOST for a server or a cluster";
      throw new StoreProblem("sentinel", true, message);
    } finally {
      client.destroy();
    }
  }

  async function firstOf(
    candidates: readonly Endpoint[],
    ask: (endpoint: Endpoint) => Promise<Primary>,
  ): Promise<Primary> {
    let failure: unknown;
    for (const candidate of candidates) {
      try {
        return await ask(candidate);
      } catch (error) {
        // A known cause is more useful than one more refused connection.
        if (!(failure instanceof StoreProblem)) failure = problemOf(error) ?? error;
        if (signal.aborted) break;
      }
    }
    throw failure;
  }

  return {
    async find(hint) {
      if (sentinel !== undefined) {
        return firstOf(hosts, async (host) => follow(await masterOf(host, sentinel.master)));
      }
      return firstOf(unique([...(hint === undefined ? [] : [hint]), ...hosts, ...peers]), follow);
    },
  };
}
