import type { HandlerCall } from "../calls/handler-call.ts";
import { GatewayError } from "../domain/gateway-error.ts";
import type { LineFields } from "../domain/log-line.ts";

type Line = LineFields<"audit">;

/** What an operator has changed, for a log of its own: `call` lines can be sampled away. */
export type Audit = (line: Line) => void;

export interface Change {
  readonly method: string;
  /** What it was about. */
  readonly target: Line["target"];
}

/** Runs a call that changes something, and writes down who did it, and what came of it. */
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
