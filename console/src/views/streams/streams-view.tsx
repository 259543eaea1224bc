import { useState } from "preact/hooks";
import "../../parts/forms.css";
import type { Place } from "../../router.ts";
import { CleanupDialog } from "./cleanup-dialog.tsx";
import { readFilter } from "./stream-filter.ts";
import { StreamFilterForm } from "./stream-filter-form.tsx";
import { StreamList } from "./stream-list.tsx";
import { StreamPage } from "./stream-page.tsx";
import "./streams.css";

/** Stored streams: the list, and one of them. Their content is never shown. */
export function StreamsView({ place }: { place: Place }) {
  const [isCleaning, setCleaning] = useState(false);
  if (place.entry !== "") return <StreamPage key={place.entry} streamId={place.entry} />;
  const filter = readFilter(place.params);
  return (
    <>
      <div class="row heading">
        <h1>Streams</h1>
        <button type="button" onClick={() => setCleaning(true)}>
          Clean up…
        </button>
      </div>
      <StreamFilterForm filter={filter} />
      <StreamList filter={filter} />
      {isCleaning && <CleanupDialog onClose={() => setCleaning(false)} />}
    </>
  );
}
