import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Confirm } from "../../parts/confirm.tsx";
import { Notice } from "../../parts/notice.tsx";
import { useAction } from "../../use-action.ts";

export interface ForcedDialogProps {
  readonly title: string;
  readonly action: string;
  readonly children: ComponentChildren;
  /** Does it; `force` although no operator with a lasting key would be left. */
  readonly onConfirm: (force: boolean) => Promise<void>;
  readonly onClose: () => void;
}

/** A question whose action is refused for the last operator, and can then be forced. */
export function ForcedDialog(props: ForcedDialogProps) {
  const [isForced, setForced] = useState(false);
  const action = useAction();
  const isLast = action.failure?.reason === "LAST_OPERATOR";
  return (
    <Confirm
      title={props.title}
      action={props.action}
      isDanger
      isDisabled={action.isBusy || (isLast && !isForced)}
      onConfirm={() => action.run(() => props.onConfirm(isForced))}
      onClose={props.onClose}
    >
      {props.children}
      {action.failure !== undefined && (
        <Notice kind="error" advice={action.failure.advice}>
          {action.failure.text}
        </Notice>
      )}
      {(isLast || isForced) && (
        <label>
          <input
            type="checkbox"
            checked={isForced}
            onChange={({ currentTarget }) => setForced(currentTarget.checked)}
          />{" "}
          Do it although no operator with a key without an end is left
        </label>
      )}
    </Confirm>
  );
}
