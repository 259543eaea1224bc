import { CallerSource, type Group } from "@steer-gateway/stubs/steer/admin/v1/callers_pb.js";
import { useState } from "preact/hooks";
import { callers } from "../../api.ts";
import { Notice } from "../../parts/notice.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { usePoll } from "../../use-poll.ts";
import { sourceWord } from "./caller-list.tsx";
import { limitsLine } from "./limit-text.ts";
import { LimitsDialog } from "./limits-dialog.tsx";

/** Groups that the page shows. The command line lists all. */
const PAGE_SIZE = 100;
const EVERY_MS = 10_000;

function columns(onChange: (group: Group) => void): readonly Column<Group>[] {
  return [
    { title: "Group", sortBy: ({ id }) => id, cell: ({ id }) => <span class="name">{id}</span> },
    {
      title: "Shared limits",
      cell: ({ limits }) => <span class="name">{limitsLine(limits) || "none"}</span>,
    },
    {
      title: "Models",
      cell: ({ models }) => <span class="name">{models.join(" ") || "all"}</span>,
    },
    { title: "Kept in", cell: sourceWord },
    {
      title: "Change",
      cell: (group) =>
        group.source === CallerSource.STORE && (
          <button
            type="button"
            aria-label={`Change the limits of the group ${group.id}`}
            onClick={() => onChange(group)}
          >
            Limits…
          </button>
        ),
    },
  ];
}

/** Groups, whose callers share limits. Nothing is shown while there are none. */
export function GroupList() {
  const [changing, setChanging] = useState<Group>();
  const { data, failure, refresh } = usePoll(
    (signal) => callers.listGroups({ pageSize: PAGE_SIZE }, { signal }),
    EVERY_MS,
  );
  const groups = data?.groups ?? [];
  if (groups.length === 0 && failure === undefined) return null;
  return (
    <>
      <h2>Groups</h2>
      {failure !== undefined && <Notice kind="error">{failure.text}</Notice>}
      {groups.length > 0 && (
        <Table label="Groups" columns={columns(setChanging)} rows={groups} keyOf={({ id }) => id} />
      )}
      {data !== undefined && data.nextPageToken !== "" && (
        <p class="quiet">
          The first {PAGE_SIZE}. <code>steer groups list</code> prints all.
        </p>
      )}
      {changing !== undefined && (
        <LimitsDialog
          type="group"
          id={changing.id}
          limits={changing.limits}
          onDone={refresh}
          onClose={() => setChanging(undefined)}
        />
      )}
    </>
  );
}
