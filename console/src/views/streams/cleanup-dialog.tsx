import type { MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type {
  CleanupStreamStatesRequestSchema,
  CleanupStreamStatesResponse,
  StreamPhase,
} from "@steer-gateway/stubs/steer/admin/v1/admin_service_pb.js";
import { useState } from "preact/hooks";
import { admin } from "../../api.ts";
import { Confirm } from "../../parts/confirm.tsx";
import { formatBytes, formatCount } from "../../parts/formats.ts";
import { Notice } from "../../parts/notice.tsx";
import { useAction } from "../../use-action.ts";
import { parseAge } from "./parse-age.ts";
import { PHASES } from "./stream-filter.ts";

type CleanupRequest = MessageInitShape<typeof CleanupStreamStatesRequestSchema>;

interface Fields {
  readonly age: string;
  readonly phase: string;
  readonly hasOrphaned: boolean;
}

/** An answer, and the fields that it is of. */
interface Answer {
  readonly fields: Fields;
  readonly isDryRun: boolean;
  readonly response: CleanupStreamStatesResponse;
}

const ENDED_WORDS = ["succeeded", "failed", "cancelled"] as const;
/** Identifiers that the dialog shows of a dry run. */
const SAMPLES = 5;

function toCleanupRequest({ age, phase, hasOrphaned }: Fields): CleanupRequest | undefined {
  const ageMs = parseAge(age);
  if (ageMs === undefined) return undefined;
  const phases: StreamPhase[] = [...(PHASES[phase] ?? [])];
  return { olderThan: durationFromMs(ageMs), phases, includeOrphaned: hasOrphaned };
}

function DryRun({ response }: { response: CleanupStreamStatesResponse }) {
  const { matchedCount, skippedCount, freedBytes, sampleStreamIds, truncated } = response;
  return (
    <Notice kind={matchedCount === 0n ? "empty" : "warning"}>
      Dry run: {formatCount(matchedCount)} streams match, {formatBytes(freedBytes)}.{" "}
      {formatCount(skippedCount)} of them are running or in use and stay.
      {truncated && " There are more: the count stopped after 5 s."}
      {sampleStreamIds.length > 0 && (
        <ul class="plain mono">
          {sampleStreamIds.slice(0, SAMPLES).map((id) => (
            <li key={id}>{id}</li>
          ))}
          {sampleStreamIds.length > SAMPLES && <li>…</li>}
        </ul>
      )}
    </Notice>
  );
}

function Deleted({ response }: { response: CleanupStreamStatesResponse }) {
  const { deletedCount, skippedCount, freedBytes, truncated } = response;
  return (
    <Notice
      kind="done"
      advice={truncated ? "The call stopped after 5 s. Clean up again to continue." : ""}
    >
      {formatCount(deletedCount)} streams deleted, {formatBytes(freedBytes)} freed,{" "}
      {formatCount(skippedCount)} kept.
    </Notice>
  );
}

interface CleanupFieldsProps {
  readonly fields: Fields;
  readonly isWrong: boolean;
  readonly onFields: (fields: Fields) => void;
}

function CleanupFields({ fields, isWrong, onFields }: CleanupFieldsProps) {
  return (
    <>
      <label class="field">
        Ended at least this long ago
        <input
          value={fields.age}
          aria-invalid={isWrong}
          onInput={({ currentTarget }) => onFields({ ...fields, age: currentTarget.value.trim() })}
        />
      </label>
      {isWrong && (
        <Notice kind="error">An age is a number with s, m, h or d, for example 15m or 1h.</Notice>
      )}
      <label class="field">
        Ended how
        <select
          value={fields.phase}
          onChange={({ currentTarget }) => onFields({ ...fields, phase: currentTarget.value })}
        >
          <option value="">in any way</option>
          {ENDED_WORDS.map((word) => (
            <option key={word}>{word}</option>
          ))}
        </select>
      </label>
      <label>
        <input
          type="checkbox"
          checked={fields.hasOrphaned}
          onChange={({ currentTarget }) =>
            onFields({ ...fields, hasOrphaned: currentTarget.checked })
          }
        />{" "}
        Also end and delete orphaned streams of that age
      </label>
    </>
  );
}

/** Deletes streams by age. A dry run with the same fields comes first. */
export function CleanupDialog({ onClose }: { onClose: () => void }) {
  const [fields, setFields] = useState<Fields>({ age: "1h", phase: "", hasOrphaned: false });
  const [answer, setAnswer] = useState<Answer>();
  const action = useAction();
  const request = toCleanupRequest(fields);
  const isTried = answer?.isDryRun === true && answer.fields === fields;
  const found = isTried ? answer.response.matchedCount : 0n;
  async function clean(isDryRun: boolean): Promise<void> {
    if (request === undefined) return;
    const response = await admin.cleanupStreamStates({ ...request, dryRun: isDryRun });
    setAnswer({ fields, isDryRun, response });
  }
  return (
    <Confirm
      title="Clean up stored streams"
      action={found > 0n ? `Delete ${formatCount(found)} streams` : "Dry run"}
      isDanger={found > 0n}
      isDisabled={action.isBusy || request === undefined}
      onConfirm={() => action.run(() => clean(found === 0n))}
      onClose={onClose}
    >
      <CleanupFields fields={fields} isWrong={request === undefined} onFields={setFields} />
      {answer !== undefined &&
        answer.fields === fields &&
        (answer.isDryRun ? (
          <DryRun response={answer.response} />
        ) : (
          <Deleted response={answer.response} />
        ))}
      {action.failure !== undefined && (
        <Notice kind="error" advice={action.failure.advice}>
          {action.failure.text}
        </Notice>
      )}
    </Confirm>
  );
}
