import type { CallerLimits } from "@steer-gateway/stubs/steer/admin/v1/callers_pb.js";
import { useState } from "preact/hooks";
import { callers } from "../../api.ts";
import { Confirm } from "../../parts/confirm.tsx";
import { Notice } from "../../parts/notice.tsx";
import { useAction } from "../../use-action.ts";
import { LimitFields } from "./limit-fields.tsx";
import { LimitError, parseLimits, toLimitTexts } from "./limit-text.ts";

export interface LimitsDialogProps {
  readonly type: "caller" | "group";
  readonly id: string;
  readonly limits: CallerLimits | undefined;
  readonly onDone: () => void;
  readonly onClose: () => void;
}

/** Changes the limits of a caller or of a group. */
export function LimitsDialog({ type, id, limits, onDone, onClose }: LimitsDialogProps) {
  const [texts, setTexts] = useState(() => toLimitTexts(limits));
  const [mistake, setMistake] = useState("");
  const action = useAction();
  async function change(): Promise<void> {
    const next = parseLimits(texts, limits);
    const entry = { id, ...(next !== undefined && { limits: next }) };
    const updateMask = { paths: ["limits"] };
    if (type === "caller") await callers.updateCaller({ caller: entry, updateMask });
    else await callers.updateGroup({ group: entry, updateMask });
    onDone();
    onClose();
  }
  const confirm = (): void => {
    try {
      parseLimits(texts, limits);
      setMistake("");
    } catch (error) {
      if (!(error instanceof LimitError)) throw error;
      setMistake(error.message);
      return;
    }
    action.run(change);
  };
  const narrowed = limits?.narrowed ?? [];
  return (
    <Confirm
      title={`Limits of ${id}`}
      action="Change the limits"
      isDisabled={action.isBusy}
      onConfirm={confirm}
      onClose={onClose}
    >
      <LimitFields texts={texts} onTexts={setTexts} />
      <p class="quiet">
        The next call has the new limits, and the counts stay. Without limits of its own a caller
        has those of the configuration.
      </p>
      {narrowed.length > 0 && (
        <Notice kind="warning">
          The limits for {narrowed.map(({ match }) => match).join(", ")} stay as they are.
        </Notice>
      )}
      {mistake !== "" && <Notice kind="error">{mistake}</Notice>}
      {action.failure !== undefined && (
        <Notice kind="error" advice={action.failure.advice}>
          {action.failure.text}
        </Notice>
      )}
    </Confirm>
  );
}
