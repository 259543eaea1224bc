import { AdminScope } from "@steer-gateway/stubs/steer/admin/v1/admin_service_pb.js";
import { useMemo, useState } from "preact/hooks";
import { admin } from "../../api.ts";
import { Notice } from "../../parts/notice.tsx";
import { Skeleton } from "../../parts/skeleton.tsx";
import { Table } from "../../parts/table.tsx";
import { Toolbar } from "../../parts/toolbar.tsx";
import { hrefOf, type Place } from "../../router.ts";
import { usePoll } from "../../use-poll.ts";
import { askLatencies } from "./latencies.ts";
import { ResetCircuit } from "./reset-circuit.tsx";
import { targetColumns } from "./target-columns.tsx";
import { isUnused, type Target, targetsOf } from "./targets.ts";
import "./targets.css";

const EVERY_MS = 2_000;
const LATENCY_EVERY_MS = 30_000;
const NO_LATENCIES = new Map<string, never>();

/** Every provider and model: whether it takes calls, and why not. */
export function TargetsView({ place }: { place: Place }) {
  const isHere = place.params.get("scope") === "replica";
  const only = place.params.get("provider") ?? "";
  const showsUnused = place.params.get("unused") === "1";
  const scope = isHere ? AdminScope.REPLICA : AdminScope.CLUSTER;
  const { data, failure, refresh } = usePoll(
    (signal) => admin.getProviderStatus({ scope }, { signal }),
    EVERY_MS,
    String(scope),
  );
  const latencies = usePoll(askLatencies, LATENCY_EVERY_MS).data ?? NO_LATENCIES;
  const [resetting, setResetting] = useState<Target>();
  const columns = useMemo(() => targetColumns(latencies, setResetting), [latencies]);

  const all = data === undefined ? [] : targetsOf(data.providers);
  const meant = only === "" ? all : all.filter(({ provider }) => provider === only);
  const unused = meant.filter(isUnused);
  const rows = showsUnused || only !== "" ? meant : meant.filter((target) => !isUnused(target));
  const params = {
    provider: only,
    scope: isHere ? "replica" : "",
    unused: showsUnused ? "1" : "",
  };
  const link = (changed: Partial<typeof params>) =>
    hrefOf("targets", "", { ...params, ...changed });
  const where = isHere
    ? `replica ${data?.replica ?? ""}`
    : `all replicas (${data?.replicaCount ?? "…"})`;

  return (
    <>
      <h1>Targets</h1>
      <Toolbar>
        <a href={link({ scope: "" })} aria-current={isHere ? undefined : "true"}>
          All replicas
        </a>
        <a href={link({ scope: "replica" })} aria-current={isHere ? "true" : undefined}>
          The replica that answers
        </a>
        {only !== "" && <a href={link({ provider: "" })}>Only {only} ✕</a>}
        {only === "" && unused.length > 0 && (
          <a href={link({ unused: showsUnused ? "" : "1" })}>
            {showsUnused ? "Hide" : "Show"} {unused.length} without a key
          </a>
        )}
        {data !== undefined && <span class="quiet">Numbers of {where}</span>}
      </Toolbar>
      {failure !== undefined && (
        <Notice kind="error" advice={failure.advice}>
          {failure.text}
        </Notice>
      )}
      {data === undefined ? (
        failure === undefined && <Skeleton />
      ) : rows.length === 0 ? (
        <Notice kind="empty" advice="Give a provider its key: docs/configuration.md says how.">
          {only === "" ? "No provider has a key." : `There is no provider ${only}.`}
        </Notice>
      ) : (
        <Table label="Targets" columns={columns} rows={rows} keyOf={({ name }) => name} />
      )}
      {resetting !== undefined && (
        <ResetCircuit
          target={resetting}
          scope={scope}
          where={where}
          onDone={() => {
            setResetting(undefined);
            refresh();
          }}
          onClose={() => setResetting(undefined)}
        />
      )}
    </>
  );
}
