import type { Clock } from "../clock.ts";
import { noTelemetry } from "./telemetry.ts";

/** `settings` undefined: it is off, and nothing of the SDK is loaded. */
export async function startOptionalTelemetry(
  clock: Clock,
  settings: { readonly serviceName: string } | undefined,
) {
  if (settings === undefined) {
    return { telemetry: noTelemetry, observe: () => {}, shutdown: async () => {} };
  }
  const sdk = await import("./start-telemetry.ts");
  return sdk.startTelemetry(clock, settings.serviceName);
}
