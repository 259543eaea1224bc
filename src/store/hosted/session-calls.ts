// The sessions of clients and their messages, as both ends of the socket know them.
import type { Sessions } from "../sessions.ts";
import type { ServiceShape } from "./hosted-service.ts";

export type SessionCalls = Pick<
  Sessions,
  "openSession" | "renewSession" | "closeSession" | "putSnapshot" | "snapshots" | "broadcast"
>;

export const SESSIONS: ServiceShape = { name: "sessions" };
