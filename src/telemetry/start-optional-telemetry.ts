import type { Clock } from "../clock.ts";
import { noTelemetry } from "./telemetry.ts";

/** `settings` undefined: telemetry is off, and the SDK is not loaded. */
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
