// Writes error texts of an operator's own servers to the log.
import type { Clock } from "../clock.ts";
import type { Log } from "../domain/log-line.ts";

/** Shortest time in milliseconds between two lines for one instance; further ones are counted. */
const INTERVAL_MS = 1_000;
/** Longest text of a line, in UTF-16 units. */
const MAX_UNITS = 512;

/** Writes the text of an error, without the keys that an instance has sent. */
export type LogErrorText = (
  instance: string,
  apiKeys: readonly string[],
  error: { readonly status: number | undefined; readonly text: string },
) => void;

export function createErrorTextLog(clock: Clock, log: Log): LogErrorText {
  /** By instance: time of the last line, and number of lines left out since. */
  const written = new Map<string, { at: number; suppressed: number }>();
  return (provider, apiKeys, { status, text }) => {
    const now = clock.now();
    const last = written.get(provider);
    if (last !== undefined && now - last.at < INTERVAL_MS) {
      last.suppressed++;
      return;
    }
    const suppressed = last?.suppressed ?? 0;
    written.set(provider, { at: now, suppressed: 0 });
    const shown = apiKeys
      .filter((apiKey) => apiKey !== "")
      .reduce((left, apiKey) => left.replaceAll(apiKey, "***"), text);
    log({
      event: "provider error",
      provider,
      ...(status !== undefined && { http_status: status }),
      text: shown.slice(0, MAX_UNITS).toWellFormed(),
      ...(suppressed > 0 && { suppressed }),
    });
  };
}
