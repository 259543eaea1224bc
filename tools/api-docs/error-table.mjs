// The table of error categories, from the service's own table.
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const PUSHBACK = {
  unsaid: "none",
  never: "-1: no automatic retry",
  soon: "a short wait: nothing was executed",
  hint: "the provider's hint, otherwise -1",
};

/** Parts of the page; empty if the contract has no errors. */
export async function errorTable(registry) {
  const categories = registry.getEnum("steer.v1.ErrorCategory");
  if (categories === undefined) return [];
  const source = (file) => import(pathToFileURL(resolve(file)).href);
  const { errorRow } = await source("src/domain/error-table.ts");
  const { kindOf } = await source("src/rpc/error-category.ts");
  const rows = categories.values.flatMap(({ name, number }) => {
    const kind = kindOf(number);
    if (kind === undefined) return [];
    const { code, reason, retryable, pushback } = errorRow(kind, undefined);
    const category = `\`${name.replace("ERROR_CATEGORY_", "")}\``;
    return [
      `| ${category} | ${code} | \`${reason}\` | ${retryable ? "yes" : "no"} | ${PUSHBACK[pushback]} |`,
    ];
  });
  return [
    "## Codes by category",
    "[ErrorCategory](#errorcategory) says what went wrong, and the code what a client may do about it. " +
      "`retryable`: the same call can succeed later. The last column is `grpc-retry-pushback-ms`, which " +
      "controls gRPC's own retries. An error can have a more specific reason than its category's.",
    ["| category | code | reason | retryable | pushback |", "|---|---|---|---|---|", ...rows].join(
      "\n",
    ),
  ];
}
