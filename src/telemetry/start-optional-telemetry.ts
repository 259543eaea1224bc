import type { TelemetryOptions } from "./start-telemetry.ts";
import { noTelemetry } from "./telemetry.ts";

/** `options` undefined: it is off, and nothing of the SDK is loaded. */
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
