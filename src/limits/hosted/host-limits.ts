import type { HostedService, ServiceShape } from "../../store/hosted/hosted-service.ts";
import type { LimitStore } from "../limit-store.ts";

export const LIMITS: ServiceShape = { name: "limits" };

/** Counters of limits for clients of this host, which count together. */
export function hostLimits(store: LimitStore): HostedService<LimitStore> {
  const calls: LimitStore = {
    reserve: (reservation) => store.reserve(reservation),
    extend: (generationId, rules) => store.extend(generationId, rules),
    settle: (settlements) => store.settle(settlements),
    move: (generationId, session) => store.move(generationId, session),
    reap: (limit) => store.reap(limit),
  };
  return { shape: LIMITS, serve: () => ({ calls }) };
}
