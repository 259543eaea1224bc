import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { CallerKey } from "@steer-gateway/stubs/steer/admin/v1/callers_pb.js";
import { useState } from "preact/hooks";
import { callers } from "../../api.ts";
import { Confirm } from "../../parts/confirm.tsx";
import { CopyButton } from "../../parts/copy-button.tsx";
import { Notice } from "../../parts/notice.tsx";
import { readKey } from "../../session.ts";
import { useAction } from "../../use-action.ts";
import { useSession } from "../../use-session.ts";
import { isKeyOfTab } from "./key-of-tab.ts";

const DAY_MS = 86_400_000;

const LIFETIMES = [
  { words: "no end", days: 0 },
  { words: "7 days", days: 7 },
  { words: "30 days", days: 30 },
  { words: "90 days", days: 90 },
  { words: "1 year", days: 365 },
] as const;

interface NewKey {
  readonly secret: string;
  readonly warnings: readonly string[];
  /** This tab uses it from now on. */
  readonly isOfTab: boolean;
}

export interface NewKeyDialogProps {
  readonly caller: string;
  readonly isOperator: boolean;
  /** Key that the new one replaces. It holds until it is revoked. */
  readonly replaced: CallerKey | undefined;
  readonly onDone: () => void;
  readonly onClose: () => void;
}

function Secret({ made }: { made: NewKey }) {
  return (
    <>
      <Notice kind="done">
        This is the only time that the key is shown. The service keeps its hash alone.
      </Notice>
      <div class="row secret">
        <output class="mono" aria-label="New key">
          {made.secret}
        </output>
        <CopyButton text={made.secret} what="the key" />
      </div>
      {made.warnings.map((warning) => (
        <Notice key={warning} kind="warning">
          {warning}
        </Notice>
      ))}
      {made.isOfTab && <Notice kind="warning">This tab uses the new key from now on.</Notice>}
    </>
  );
}

/** Makes a key and shows it once. */
export function NewKeyDialog(props: NewKeyDialogProps) {
  const { caller, isOperator, replaced, onDone, onClose } = props;
  const [days, setDays] = useState(0);
  const [made, setMade] = useState<NewKey>();
  const action = useAction();
  const session = useSession();
  async function make(): Promise<void> {
    const lifetime = days === 0 ? {} : { lifetime: durationFromMs(days * DAY_MS) };
    const { secret, warnings } = await callers.createKey({ caller, ...lifetime });
    // The first such key closes a service that was open: without the key, this page would lose its access, and the
    // operator the key. A rotated key of this tab is replaced here too.
    const closesService = readKey() === undefined && isOperator && days === 0;
    const isOfTab = closesService || (replaced !== undefined && isKeyOfTab(replaced.prefix));
    if (isOfTab) session.adoptKey(secret);
    setMade({ secret, warnings, isOfTab });
    onDone();
  }
  const title = replaced === undefined ? `New key of ${caller}` : `Rotate ${replaced.prefix}…`;
  return (
    <Confirm
      title={title}
      action={made === undefined ? "Create the key" : "I have kept the key"}
      isDisabled={action.isBusy}
      onConfirm={() => (made === undefined ? action.run(make) : onClose())}
      onClose={onClose}
    >
      {replaced !== undefined && (
        <p>
          Both keys hold until you revoke the old one: hand out the new key, and revoke the old one
          when "Last used" shows that nobody uses it.
        </p>
      )}
      {made === undefined ? (
        <label class="field">
          Ends after
          <select
            value={String(days)}
            onChange={({ currentTarget }) => setDays(Number(currentTarget.value))}
          >
            {LIFETIMES.map((each) => (
              <option key={each.days} value={String(each.days)}>
                {each.words}
              </option>
            ))}
          </select>
        </label>
      ) : (
        <Secret made={made} />
      )}
      {action.failure !== undefined && (
        <Notice kind="error" advice={action.failure.advice}>
          {action.failure.text}
        </Notice>
      )}
    </Confirm>
  );
}
