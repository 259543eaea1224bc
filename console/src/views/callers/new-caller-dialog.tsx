import { CallerRole } from "@steer-gateway/stubs/steer/admin/v1/callers_pb.js";
import { useState } from "preact/hooks";
import { callers } from "../../api.ts";
import { Confirm } from "../../parts/confirm.tsx";
import { Notice } from "../../parts/notice.tsx";
import { hrefOf } from "../../router.ts";
import { useAction } from "../../use-action.ts";
import { LimitFields } from "./limit-fields.tsx";
import { LimitError, NO_LIMITS, parseLimits } from "./limit-text.ts";

/** Makes a caller, and leads to its page, where its keys are made. */
export function NewCallerDialog({ onClose }: { onClose: () => void }) {
  const [id, setId] = useState("");
  const [group, setGroup] = useState("");
  const [isOperator, setOperator] = useState(false);
  const [texts, setTexts] = useState(NO_LIMITS);
  const [mistake, setMistake] = useState("");
  const action = useAction();
  const confirm = (): void => {
    setMistake("");
    try {
      const limits = parseLimits(texts, undefined);
      action.run(async () => {
        const role = isOperator ? CallerRole.OPERATOR : CallerRole.CALLER;
        await callers.createCaller({
          caller: { id, group, role, ...(limits !== undefined && { limits }) },
        });
        onClose();
        location.hash = hrefOf("callers", id);
      });
    } catch (error) {
      if (!(error instanceof LimitError)) throw error;
      setMistake(error.message);
    }
  };
  return (
    <Confirm
      title="New caller"
      action="Create the caller"
      isDisabled={action.isBusy || id === ""}
      onConfirm={confirm}
      onClose={onClose}
    >
      <label class="field">
        Identifier: letters, digits, <code>.</code> <code>_</code> <code>-</code>
        <input
          maxLength={64}
          value={id}
          onInput={({ currentTarget }) => setId(currentTarget.value.trim())}
        />
      </label>
      <label class="field">
        Group (optional)
        <input
          maxLength={64}
          value={group}
          onInput={({ currentTarget }) => setGroup(currentTarget.value.trim())}
        />
      </label>
      <label>
        <input
          type="checkbox"
          checked={isOperator}
          onChange={({ currentTarget }) => setOperator(currentTarget.checked)}
        />{" "}
        Operator: may use this console and the admin services
      </label>
      <details>
        <summary>Limits</summary>
        <LimitFields texts={texts} onTexts={setTexts} />
      </details>
      {mistake !== "" && <Notice kind="error">{mistake}</Notice>}
      {action.failure !== undefined && (
        <Notice kind="error" advice={action.failure.advice}>
          {action.failure.text}
        </Notice>
      )}
    </Confirm>
  );
}
