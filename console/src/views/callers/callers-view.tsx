import { useState } from "preact/hooks";
import "../../parts/forms.css";
import type { Place } from "../../router.ts";
import { CallerList } from "./caller-list.tsx";
import { CallerPage } from "./caller-page.tsx";
import "./callers.css";
import { GroupList } from "./group-list.tsx";
import { NewCallerDialog } from "./new-caller-dialog.tsx";
import { TopSpenders } from "./top-spenders.tsx";

/** Callers, groups and keys. */
export function CallersView({ place }: { place: Place }) {
  const [isCreating, setCreating] = useState(false);
  if (place.entry !== "") return <CallerPage key={place.entry} id={place.entry} />;
  return (
    <>
      <div class="row heading">
        <h1>Callers</h1>
        <button type="button" onClick={() => setCreating(true)}>
          New caller…
        </button>
      </div>
      <CallerList />
      <GroupList />
      <TopSpenders />
      {isCreating && <NewCallerDialog onClose={() => setCreating(false)} />}
    </>
  );
}
