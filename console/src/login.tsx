import { useState } from "preact/hooks";
import type { Failure } from "./failure.ts";
import { Notice } from "./parts/notice.tsx";
import { readKey } from "./session.ts";

/** Asks for the key of an operator. */
export function Login({ failure, onKey }: { failure: Failure; onKey: (key: string) => void }) {
  const [key, setKey] = useState("");
  const wasRefused = readKey() !== undefined;
  return (
    <main class="login">
      <h1>Steer</h1>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (key.trim() !== "") onKey(key.trim());
        }}
      >
        <label for="key">Key of an operator</label>
        <input
          id="key"
          type="password"
          autocomplete="off"
          value={key}
          onInput={(event) => setKey(event.currentTarget.value)}
        />
        <button type="submit" class="primary" disabled={key.trim() === ""}>
          Log in
        </button>
      </form>
      {wasRefused && (
        <Notice kind="error" advice={failure.advice}>
          {failure.text}
        </Notice>
      )}
      <p class="quiet">
        The key stays in this tab and is sent to this service alone. <code>steer keys create</code>{" "}
        makes one.
      </p>
    </main>
  );
}
