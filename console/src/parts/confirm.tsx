import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

export interface ConfirmProps {
  /** The question. */
  readonly title: string;
  /** The words of the button that does it. */
  readonly action: string;
  readonly isDanger?: boolean;
  /** The action is under way or not yet possible. */
  readonly isDisabled?: boolean;
  /** What happens, fields, and the failure of the last try. */
  readonly children: ComponentChildren;
  onConfirm(): void;
  onClose(): void;
}

/** A question before something is changed. Escape and "Close" change nothing. */
export function Confirm(props: ConfirmProps) {
  const { title, action, isDanger = false, isDisabled = false, children } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    <dialog ref={dialog} aria-labelledby={id} onClose={props.onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!isDisabled) props.onConfirm();
        }}
      >
        <h2 id={id}>{title}</h2>
        {children}
        <div class="actions">
          <button type="button" onClick={() => dialog.current?.close()}>
            Close
          </button>
          <button type="submit" class={isDanger ? "danger" : "primary"} disabled={isDisabled}>
            {action}
          </button>
        </div>
      </form>
    </dialog>
  );
}
