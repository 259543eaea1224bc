// Places in the gateway where a test injects a defect.
import { noTelemetry, type Telemetry } from "../../src/telemetry/telemetry.ts";

/** An injected defect. Its message must appear in no log line. */
class PutInDefect extends Error {}

export function createFaults() {
  const broken = new Map<string, number>();
  const hits: string[] = [];

  /** Throws if the test has broken this place, from the `nth` time on. */
  function at(place: string): void {
    const left = broken.get(place);
    if (left === undefined) return;
    if (left > 1) return void broken.set(place, left - 1);
    hits.push(place);
    throw new PutInDefect("the prompt is a secret");
  }

  const telemetry: Telemetry = {
    ...noTelemetry,
    startAttempt: () => {
      at("telemetry startAttempt");
      return { headers: {}, end: () => at("telemetry attempt end") };
    },
    startBackoff: () => {
      at("telemetry startBackoff");
      return () => at("telemetry backoff end");
    },
    recordDecision: () => at("telemetry recordDecision"),
    recordCall: () => at("telemetry recordCall"),
  };

  return {
    at,
    telemetry,
    /** Places that threw. */
    hits,
    break: (place: string, nth = 1): void => void broken.set(place, nth),
  };
}
