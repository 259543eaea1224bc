import {
  type Caller,
  type CallerKey,
  CallerRole,
  CallerSource,
} from "@steer-gateway/stubs/steer/admin/v1/callers_pb.js";
import { useState } from "preact/hooks";
import { callers } from "../../api.ts";
import { Fact } from "../../parts/fact.tsx";
import { UNKNOWN } from "../../parts/formats.ts";
import { Notice } from "../../parts/notice.tsx";
import { Skeleton } from "../../parts/skeleton.tsx";
import { When } from "../../parts/when.tsx";
import { hrefOf } from "../../router.ts";
import { usePoll } from "../../use-poll.ts";
import { sourceWord } from "./caller-list.tsx";
import { ForcedDialog } from "./forced-dialog.tsx";
import { KeyList } from "./key-list.tsx";
import { isKeyOfTab } from "./key-of-tab.ts";
import { limitsLine } from "./limit-text.ts";
import { LimitsDialog } from "./limits-dialog.tsx";
import { NewKeyDialog } from "./new-key-dialog.tsx";
import { SpendMeters } from "./spend-meters.tsx";

const EVERY_MS = 10_000;

type Dialog =
  | { readonly type: "limits" }
  | { readonly type: "new key"; readonly replaced?: CallerKey }
  | { readonly type: "revoke"; readonly key: CallerKey }
  | { readonly type: "delete" };

function Facts({ caller }: { caller: Caller }) {
  return (
    <dl class="figures card">
      <Fact label="Role">{caller.role === CallerRole.OPERATOR ? "operator" : "caller"}</Fact>
      <Fact label="Group">{caller.group || UNKNOWN}</Fact>
      <Fact label="Models">{caller.models.join(" ") || "all"}</Fact>
      <Fact label="Providers">{caller.providers.join(" ") || "all"}</Fact>
      <Fact label="Limits">{limitsLine(caller.limits) || "those of the configuration"}</Fact>
      <Fact label="Kept in">{sourceWord(caller)}</Fact>
      <Fact label="Created">
        <When at={caller.createTime} absolute />
      </Fact>
    </dl>
  );
}

interface DialogsProps {
  readonly caller: Caller;
  readonly dialog: Dialog | undefined;
  readonly onDone: () => void;
  readonly onClose: () => void;
}

function Dialogs({ caller, dialog, onDone, onClose }: DialogsProps) {
  const { id, role, limits } = caller;
  if (dialog === undefined) return null;
  if (dialog.type === "limits") {
    return <LimitsDialog type="caller" id={id} limits={limits} onDone={onDone} onClose={onClose} />;
  }
  if (dialog.type === "new key") {
    return (
      <NewKeyDialog
        caller={id}
        isOperator={role === CallerRole.OPERATOR}
        replaced={dialog.replaced}
        onDone={onDone}
        onClose={onClose}
      />
    );
  }
  if (dialog.type === "revoke") {
    const { prefix } = dialog.key;
    return (
      <ForcedDialog
        title={`Revoke ${prefix}…?`}
        action="Revoke the key"
        onClose={onClose}
        onConfirm={async (force) => {
          await callers.revokeKey({ prefix, force });
          onDone();
          onClose();
        }}
      >
        <p>Calls with this key end. After the last key of a caller, its streams end too.</p>
        {isKeyOfTab(prefix) && (
          <Notice kind="warning">This tab uses the key: you will have to log in again.</Notice>
        )}
      </ForcedDialog>
    );
  }
  return (
    <ForcedDialog
      title={`Delete the caller ${id}?`}
      action="Delete the caller"
      onClose={onClose}
      onConfirm={async (force) => {
        await callers.deleteCaller({ id, force });
        onClose();
        location.hash = hrefOf("callers");
      }}
    >
      <p>Its keys are deleted, and its calls and streams end.</p>
    </ForcedDialog>
  );
}

/** One caller with its keys and limits. */
export function CallerPage({ id }: { id: string }) {
  const [dialog, setDialog] = useState<Dialog>();
  const { data, failure, refresh } = usePoll(
    async (signal) => {
      const { caller } = await callers.getCaller({ id }, { signal });
      // The credential of a caller of the configuration stands there.
      if (caller?.source !== CallerSource.STORE) return { caller, keys: [] };
      const { keys } = await callers.listKeys({ caller: id }, { signal });
      return { caller, keys };
    },
    EVERY_MS,
    id,
  );
  const caller = data?.caller;
  const isStored = caller?.source === CallerSource.STORE;
  return (
    <>
      <p class="quiet">
        <a href={hrefOf("callers")}>Callers</a> /
      </p>
      <div class="row heading">
        <h1>{id}</h1>
        <a href={hrefOf("streams", "", { caller: id })}>Streams</a>
        <a href={hrefOf("calls", "", { caller: id })}>Calls</a>
      </div>
      {failure !== undefined && (
        <Notice kind="error" advice={failure.advice}>
          {failure.text}
        </Notice>
      )}
      {caller === undefined && failure === undefined && <Skeleton />}
      {caller !== undefined && (
        <>
          <Facts caller={caller} />
          <SpendMeters dimension="caller" id={id} limits={caller.limits?.use?.spend ?? []} />
          {isStored ? (
            <div class="row">
              <button type="button" onClick={() => setDialog({ type: "limits" })}>
                Change the limits…
              </button>
              <button type="button" class="danger" onClick={() => setDialog({ type: "delete" })}>
                Delete the caller…
              </button>
            </div>
          ) : (
            <Notice kind="warning" advice="Change the file, and reload the service.">
              This caller stands in the configuration and is read-only here.
            </Notice>
          )}
          {isStored && (
            <>
              <div class="row heading">
                <h2>Keys</h2>
                <button type="button" onClick={() => setDialog({ type: "new key" })}>
                  New key…
                </button>
              </div>
              <KeyList
                keys={data?.keys ?? []}
                onRotate={(replaced) => setDialog({ type: "new key", replaced })}
                onRevoke={(key) => setDialog({ type: "revoke", key })}
              />
            </>
          )}
          <Dialogs
            caller={caller}
            dialog={dialog}
            onDone={refresh}
            onClose={() => setDialog(undefined)}
          />
        </>
      )}
    </>
  );
}
