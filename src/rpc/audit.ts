import type { HandlerCall } from "../calls/handler-call.ts";
import { GatewayError } from "../domain/gateway-error.ts";
import type { LineFields } from "../domain/log-line.ts";

type Line = LineFields<"audit">;

/** Writes an audit line. Audit lines are separate because `call` lines can be sampled. */
export type Audit = (line: Line) => void;

export interface Change {
  readonly method: string;
  /** The changed object. */
  readonly target: Line["target"];
}

/** Runs a call that changes something, and records the caller and the result. */
export async function audited<T>(
  audit: Audit,
  { caller }: HandlerCall,
  { method, target }: Change,
  change: () => Promise<readonly [T, Line["result"]]>,
): Promise<T> {
  const line = { caller: caller.id, method, target };
  try {
    const [answer, result] = await change();
    audit({ ...line, result });
    return answer;
  } catch (error) {
    const kind = error instanceof GatewayError ? error.kind : "internal";
    audit({ ...line, result: { error: kind } });
    throw error;
  }
}
