import { useState } from "preact/hooks";
import { admin } from "../../api.ts";
import { Confirm } from "../../parts/confirm.tsx";
import { Notice } from "../../parts/notice.tsx";
import { useAction } from "../../use-action.ts";

export interface CancelDialogProps {
  readonly streamId: string;
  readonly onDone: () => void;
  readonly onClose: () => void;
}

/** Cancels a stream of any caller, with a note for the log and for the stream's error. */
export function CancelDialog({ streamId, onDone, onClose }: CancelDialogProps) {
  const [note, setNote] = useState("");
  const [isTooLate, setTooLate] = useState(false);
  const action = useAction();
  async function cancel(): Promise<void> {
    const { cancelled } = await admin.cancelStream({ streamId, note });
    onDone();
    if (cancelled) onClose();
    else setTooLate(true);
  }
  return (
    <Confirm
      title="Cancel this stream?"
      action="Cancel the stream"
      isDanger
      isDisabled={action.isBusy || isTooLate}
      onConfirm={() => action.run(cancel)}
      onClose={onClose}
    >
      <p>Its readers get the error CANCELLED. Output that was delivered stays valid.</p>
      <label class="field">
        Note, for the log and for the caller (optional)
        <input
          maxLength={256}
          value={note}
          onInput={({ currentTarget }) => setNote(currentTarget.value)}
        />
      </label>
      {isTooLate && <Notice kind="warning">The stream had already ended.</Notice>}
      {action.failure !== undefined && (
        <Notice kind="error" advice={action.failure.advice}>
          {action.failure.text}
        </Notice>
      )}
    </Confirm>
  );
}
