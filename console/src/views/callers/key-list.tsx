import type { CallerKey } from "@steer-gateway/stubs/steer/admin/v1/callers_pb.js";
import { Badge } from "../../parts/badge.tsx";
import { Notice } from "../../parts/notice.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { When } from "../../parts/when.tsx";
import { isKeyOfTab } from "./key-of-tab.ts";

export interface KeyListProps {
  readonly keys: readonly CallerKey[];
  readonly onRotate: (key: CallerKey) => void;
  readonly onRevoke: (key: CallerKey) => void;
}

function columns({ onRotate, onRevoke }: KeyListProps): readonly Column<CallerKey>[] {
  return [
    {
      title: "Key",
      cell: ({ prefix }) => (
        <>
          <code>{prefix}…</code>
          {isKeyOfTab(prefix) && <span class="quiet"> this tab's key</span>}
        </>
      ),
    },
    { title: "Created", cell: ({ createTime }) => <When at={createTime} absolute /> },
    {
      title: "Last used",
      cell: ({ lastUseTime }) => (lastUseTime === undefined ? "never" : <When at={lastUseTime} />),
    },
    {
      title: "Ends",
      cell: ({ expireTime, expired }) => {
        if (expired) return <Badge kind="bad">expired</Badge>;
        return expireTime === undefined ? "never" : <When at={expireTime} />;
      },
    },
    {
      title: "Change",
      cell: (key) => (
        <span class="row">
          <button
            type="button"
            aria-label={`Rotate the key ${key.prefix}`}
            onClick={() => onRotate(key)}
          >
            Rotate…
          </button>
          <button
            type="button"
            class="danger"
            aria-label={`Revoke the key ${key.prefix}`}
            onClick={() => onRevoke(key)}
          >
            Revoke…
          </button>
        </span>
      ),
    },
  ];
}

/** The keys of a caller, without their secret parts. */
export function KeyList(props: KeyListProps) {
  if (props.keys.length === 0) {
    return (
      <Notice kind="empty" advice="Create one, and hand it to the service that calls.">
        This caller has no key in the store.
      </Notice>
    );
  }
  return (
    <Table label="Keys" columns={columns(props)} rows={props.keys} keyOf={({ prefix }) => prefix} />
  );
}
