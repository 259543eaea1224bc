import { useEffect, useMemo, useState } from "preact/hooks";
import { admin } from "./api.ts";
import { type Failure, toFailure } from "./failure.ts";
import { Login } from "./login.tsx";
import { Notice } from "./parts/notice.tsx";
import { hrefOf, type Place, usePlace, VIEWS } from "./router.ts";
import { readKey, writeKey } from "./session.ts";
import { ThemeButton } from "./theme-button.tsx";
import { SessionContext } from "./use-session.ts";
import { VersionNotice } from "./version-notice.tsx";
import { CallersView } from "./views/callers/callers-view.tsx";
import { CallsView } from "./views/calls/calls-view.tsx";
import { NowView } from "./views/now/now-view.tsx";
import { PlaygroundView } from "./views/playground/playground-view.tsx";
import { StreamsView } from "./views/streams/streams-view.tsx";
import { TargetsView } from "./views/targets/targets-view.tsx";
import { UsageView } from "./views/usage/usage-view.tsx";

const VIEW_OF = {
  now: NowView,
  targets: TargetsView,
  streams: StreamsView,
  calls: CallsView,
  usage: UsageView,
  callers: CallersView,
  playground: PlaygroundView,
} as const;

const title = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

type Access =
  | { readonly state: "asking" }
  | { readonly state: "open" }
  | { readonly state: "closed"; readonly failure: Failure };

/** Asks once whether this page may read, and again after each login. */
function useAccess(turn: number, onAccess: (access: Access) => void): void {
  useEffect(() => {
    const ending = new AbortController();
    admin.getRetryMetrics({}, { signal: ending.signal }).then(
      () => onAccess({ state: "open" }),
      (error: unknown) => {
        if (ending.signal.aborted) return;
        const failure = toFailure(error);
        // Without a connection the views say so themselves, and try again.
        onAccess(failure.isAccess ? { state: "closed", failure } : { state: "open" });
      },
    );
    return () => ending.abort();
  }, [turn]);
}

function Navigation({ place, onLogOut }: { place: Place; onLogOut: () => void }) {
  return (
    <header>
      <a class="brand" href={hrefOf("now")}>
        Steer
      </a>
      <nav aria-label="Views">
        {VIEWS.map((view) => (
          <a key={view} href={hrefOf(view)} aria-current={view === place.view ? "page" : undefined}>
            {title(view)}
          </a>
        ))}
      </nav>
      <div class="tools">
        <ThemeButton />
        {readKey() !== undefined && (
          <button type="button" onClick={onLogOut}>
            Log out
          </button>
        )}
      </div>
    </header>
  );
}

export function App() {
  const place = usePlace();
  const [turn, setTurn] = useState(0);
  const [access, setAccess] = useState<Access>({ state: "asking" });
  useAccess(turn, setAccess);
  const session = useMemo(
    () => ({
      onFailure(failure: Failure) {
        if (failure.isAccess) setAccess({ state: "closed", failure });
      },
      adoptKey(key: string) {
        writeKey(key);
        setTurn((before) => before + 1);
      },
      logOut() {
        writeKey(undefined);
        setAccess({ state: "asking" });
        setTurn((before) => before + 1);
      },
    }),
    [],
  );
  useEffect(() => {
    document.title = `${title(place.view)} – Steer`;
    // On a phone the links are wider than the screen.
    document
      .querySelector("nav [aria-current]")
      ?.scrollIntoView({ inline: "center", block: "nearest" });
  }, [place.view]);

  if (access.state === "closed") {
    const enter = (key: string): void => {
      writeKey(key);
      setAccess({ state: "asking" });
      setTurn((before) => before + 1);
    };
    return <Login failure={access.failure} onKey={enter} />;
  }
  const Current = VIEW_OF[place.view];
  return (
    <SessionContext.Provider value={session}>
      <Navigation place={place} onLogOut={session.logOut} />
      <main>
        <VersionNotice />
        {access.state === "asking" ? (
          <Notice kind="busy">Asking the service…</Notice>
        ) : (
          <Current key={place.view} place={place} />
        )}
      </main>
    </SessionContext.Provider>
  );
}
