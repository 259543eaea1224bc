// `deploy/grafana` is made from tests/support/dashboards, whose names of metrics are the code's.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { type Dashboard, dashboardJson } from "../support/dashboards/dashboard.ts";
import { overview } from "../support/dashboards/overview.ts";
import { stream } from "../support/dashboards/stream.ts";
import { target } from "../support/dashboards/target.ts";
import { ROOT } from "../support/guide-pages.ts";

const FOLDER = join(ROOT, "deploy/grafana");
const HOW_TO_WRITE = "STEER_WRITE_PAGES=1 npx vitest run tests/unit/dashboards.test.ts";

const DASHBOARDS: Readonly<Record<string, Dashboard>> = {
  "overview.json": overview,
  "stream.json": stream,
  "target.json": target,
};

if (process.env["STEER_WRITE_PAGES"] !== undefined) {
  for (const [file, dashboard] of Object.entries(DASHBOARDS)) {
    writeFileSync(join(FOLDER, file), dashboardJson(dashboard));
  }
}

it("the folder has these dashboards", () => {
  expect(readdirSync(FOLDER).filter((file) => file.endsWith(".json"))).toEqual(
    Object.keys(DASHBOARDS),
  );
});

it.each(Object.entries(DASHBOARDS))("%s is what the code makes", (file, dashboard) => {
  expect(readFileSync(join(FOLDER, file), "utf8"), HOW_TO_WRITE).toBe(dashboardJson(dashboard));
});
