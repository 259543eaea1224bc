import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { formatDistance, formatTime, toTime, UNKNOWN } from "./formats.ts";

/** A time by its distance from now; the time itself is in the title. */
export function When({ at, absolute = false }: { at: Timestamp | undefined; absolute?: boolean }) {
  const time = toTime(at);
  if (time === undefined) return <span>{UNKNOWN}</span>;
  const exact = formatTime(time);
  const distance = formatDistance(time, Date.now());
  return (
    <time dateTime={new Date(time).toISOString()} title={absolute ? distance : exact}>
      {absolute ? exact : distance}
    </time>
  );
}
