import type { JsonObject } from "@bufbuild/protobuf";
import { useState } from "preact/hooks";
import { CopyButton } from "../../parts/copy-button.tsx";
import { readKey, serviceUrl } from "../../session.ts";
import { callCode, LANGUAGES, type Language } from "./call-code.ts";

/** The same call as text for a shell or a program. */
export function CopiedCall({ request }: { request: JsonObject }) {
  const [language, setLanguage] = useState<Language>("curl");
  const site = { url: serviceUrl(), hasKey: readKey() !== undefined };
  const code = callCode(language, site, request);
  return (
    <details>
      <summary>Copy the call</summary>
      <div class="row">
        <label>
          As{" "}
          <select
            value={language}
            onChange={({ currentTarget }) => {
              setLanguage(LANGUAGES.find((each) => each === currentTarget.value) ?? "curl");
            }}
          >
            {LANGUAGES.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </label>
        <CopyButton text={code} what={`the call as ${language}`} />
        {site.hasKey && <span class="quiet">The key is read from STEER_API_KEY.</span>}
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls can be reached by keyboard. */}
      <pre class="scroll code" tabIndex={0}>
        {code}
      </pre>
    </details>
  );
}
