// The faults by lane: those of a lane come one after the other, the lanes run side by side.
import { cancelRace, cutClients, reconnectStorm, retentionRace, slowReader } from "./clients.ts";
import type { Fault } from "./fault.ts";
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
import { fullDisk } from "./solo.ts";
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
  [killedStore, cutStore, failedOver],
  [failingProvider, cutClients, reconnectStorm],
  [slowReader, fullDisk, blockedLoop, retentionRace, cancelRace, rollingRestart],
];

export const FAULTS: readonly Fault[] = LANES.flat();
