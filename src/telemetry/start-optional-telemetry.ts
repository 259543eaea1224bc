import type { TelemetryOptions } from "./start-telemetry.ts";
import { noTelemetry } from "./telemetry.ts";

/** `options` undefined: telemetry is off, and the SDK is not loaded. */
export async function startOptionalTelemetry(options: TelemetryOptions | undefined) {
  if (options === undefined) {
    return {
      telemetry: noTelemetry,
      observe: () => {},
      readMetrics: undefined,
      shutdown: async () => {},
    };
  }
  const sdk = await import("./start-telemetry.ts");
  return sdk.startTelemetry(options);
}
