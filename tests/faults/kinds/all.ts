// The faults by lane: those of a lane come one after the other, the lanes run side by side.
import { cancelRace, cutClients, reconnectStorm, retentionRace, slowReader } from "./clients.ts";
import { poisonedCode } from "./defects.ts";
import type { Fault } from "./fault.ts";
import { ownStore } from "./own-store.ts";
import {
  allKilled,
  blockedLoop,
  claimRace,
  clockJump,
  killedOwner,
  poisonRequest,
  rollingRestart,
  stoppedOwner,
} from "./processes.ts";
import { brokenAnswers, failingProvider, lostPrimary } from "./providers.ts";
import { changedCluster } from "./redis-cluster.ts";
import { fullDisk, reloadedTargets } from "./solo.ts";
import {
  cutStore,
  failedOver,
  fullStore,
  killedStore,
  partitionedStore,
  replayedAppends,
  slowStore,
  stalledStore,
} from "./store.ts";

export const LANES: readonly (readonly Fault[])[] = [
  [slowStore, killedOwner, claimRace],
  [clockJump, stoppedOwner, allKilled, poisonRequest],
  [brokenAnswers, replayedAppends, stalledStore, partitionedStore, fullStore, lostPrimary],
  [killedStore, cutStore, failedOver, ownStore],
  [failingProvider, cutClients, reconnectStorm, reloadedTargets, poisonedCode],
  [slowReader, fullDisk, blockedLoop, retentionRace, cancelRace, rollingRestart],
];

/** Part of a long run; the short one has no time for the votes of a cluster. */
export const LONG_LANE: readonly Fault[] = [changedCluster];

export const FAULTS: readonly Fault[] = [...LANES, LONG_LANE].flat();
