import type { Attack } from "./attack.ts";
import { BODIES } from "./kinds/bodies.ts";
import { CALLERS } from "./kinds/callers.ts";
import { HTTP2_FLOODS } from "./kinds/http2-floods.ts";
import { IDLE } from "./kinds/idle.ts";
import { OPEN_SERVICES } from "./kinds/open-services.ts";
import { REFUSALS } from "./kinds/refusals.ts";
import { REQUEST_BOMBS } from "./kinds/request-bombs.ts";
import { WRONG_INPUT } from "./kinds/wrong-input.ts";

/**
 * In the order of their cases, but for the idle connections: V8 collects ten thousand of them at once when they end, and the
 * pause grows with what other attacks have left in the heap. By its name each attack has a gateway of its own.
 */
export const ATTACKS: readonly Attack[] = [
  IDLE,
  ...BODIES,
  ...OPEN_SERVICES,
  ...REQUEST_BOMBS,
  ...CALLERS,
  ...HTTP2_FLOODS,
  ...REFUSALS,
  ...WRONG_INPUT,
];
