// Places in the gateway that a test lets throw, as a defect would.
import { noTelemetry, type Telemetry } from "../../src/telemetry/telemetry.ts";

/** A defect that a test has put in. Its message is what no log line may hold. */
class PutInDefect extends Error {}

export function createFaults() {
  const broken = new Map<string, number>();
  const hits: string[] = [];

  /** Throws where the test has broken this place: from the `nth` time on. */
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
    /** Places that have thrown. */
    hits,
    break: (place: string, nth = 1): void => void broken.set(place, nth),
  };
}
