import { admin } from "../../api.ts";
import { Notice } from "../../parts/notice.tsx";
import { hrefOf } from "../../router.ts";
import { usePoll } from "../../use-poll.ts";
import { StateBadge } from "../targets/state-badge.tsx";
import { stateOf, targetsOf } from "../targets/targets.ts";

const EVERY_MS = 5_000;

/** Targets that do not take calls as they should. */
export function NowTargets() {
  const { data } = usePoll((signal) => admin.getProviderStatus({}, { signal }), EVERY_MS);
  if (data === undefined) return null;
  const targets = targetsOf(data.providers);
  const used = targets.filter((target) => stateOf(target).kind !== "quiet");
  const troubled = used.filter((target) => stateOf(target).kind !== "good");
  return (
    <section aria-labelledby="troubled">
      <h2 id="troubled">
        Targets <a href={hrefOf("targets")}>all</a>
      </h2>
      {used.length === 0 ? (
        <Notice kind="empty" advice="Give a provider its key: docs/configuration.md says how.">
          No provider is configured.
        </Notice>
      ) : troubled.length === 0 ? (
        <Notice kind="done">Every configured target takes calls.</Notice>
      ) : (
        <ul class="troubled card">
          {troubled.map((target) => (
            <li key={target.name}>
              <StateBadge state={stateOf(target)} />{" "}
              <a href={hrefOf("targets", "", { provider: target.provider })}>{target.name}</a>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
