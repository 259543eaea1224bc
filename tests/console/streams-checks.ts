import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { eventually } from "../support/stack.ts";
import type { Check } from "./check.ts";
import { makeStreams, startEndless } from "./load.ts";
import { CALLER, CALLER_KEY, OPERATOR_KEY } from "./world.ts";

const rows = (page: Page) =>
  page.getByRole("region", { name: "Stored streams" }).locator("tbody tr");

export const streamsChecks: readonly Check[] = [
  {
    name: "streams: the list is filtered and paged, one page at a time",
    async run({ keyed }, visitor) {
      const page = await visitor.visit({ base: keyed.http, place: "streams", key: OPERATOR_KEY });
      await rows(page).first().waitFor();
      assert.ok((await rows(page).count()) <= 50);
      await page.getByLabel("Phase", { exact: true }).selectOption("succeeded");
      await eventually(async () => {
        const phases = await rows(page).locator(".badge").allTextContents();
        return phases.length > 0 && phases.every((phase) => phase.includes("succeeded"));
      });
      await page.waitForURL(/phase=succeeded/);
      await page.getByLabel("Caller", { exact: true }).fill("nobody");
      await page.getByText("No stored stream matches.").waitFor();
    },
  },
  {
    name: "streams: pages follow each other by tokens, without a stream twice",
    async run({ replicas }, visitor) {
      const [service] = replicas.services;
      assert.ok(service);
      await makeStreams(service.grpc, CALLER_KEY, 120);
      const page = await visitor.visit({ base: service.http, place: "streams", key: OPERATOR_KEY });
      const seen = new Set<string>();
      for (const number of [1, 2]) {
        await page.getByText(`Page ${number}`, { exact: true }).waitFor();
        await eventually(async () => {
          const first = await rows(page).locator("a").first().textContent();
          return !seen.has(first ?? "") && (await rows(page).count()) === 50;
        });
        for (const id of await rows(page).locator("td:first-child").allTextContents()) {
          assert.ok(!seen.has(id), `${id} is on two pages`);
          seen.add(id);
        }
        await page.getByRole("button", { name: "Next", exact: true }).click();
      }
      assert.equal(seen.size, 100);
      await page.getByRole("button", { name: "Newest", exact: true }).click();
      await page.getByText("Page 1", { exact: true }).waitFor();
    },
  },
  {
    name: "streams: an operator cancels a stream with a note and sees it end",
    async run({ keyed }, visitor) {
      const id = await startEndless(keyed.grpc, CALLER_KEY, "fast", { feature: "<b>x</b>" });
      const place = `streams/${id}`;
      const page = await visitor.visit({ base: keyed.http, place, key: OPERATOR_KEY });
      await page.locator(".badge").getByText("running").first().waitFor();
      await page.getByText(CALLER, { exact: true }).waitFor();
      await page.getByText("simulator/fast").waitFor();
      await page.getByRole("button", { name: "Cancel this stream…" }).click();
      const note = `"><img src=x onerror=alert(1)>`;
      await page.getByLabel(/^Note/).fill(note);
      await page.getByRole("button", { name: "Cancel the stream" }).click();
      await page.locator(".heading .badge").getByText("cancelled").waitFor();
      await page.getByRole("alert").getByText(note).waitFor();
      await page.getByRole("region", { name: "Attempts" }).getByText("simulator/fast").waitFor();
      assert.equal(await page.locator("img").count(), 0);
    },
  },
  {
    name: "streams: clean up deletes after a dry run, and as much as that said",
    async run({ open }, visitor) {
      await makeStreams(open.grpc, "", 7);
      const page = await visitor.visit({ base: open.http, place: "streams" });
      await rows(page).nth(6).waitFor();
      await page.getByRole("button", { name: "Clean up…" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByLabel(/^Ended at least/).fill("0s");
      await dialog.getByLabel(/^Ended how/).selectOption("succeeded");
      await dialog.getByRole("button", { name: "Dry run" }).click();
      const said = await dialog.getByText(/Dry run: \d+ streams match/).textContent();
      const count = /Dry run: (\d+)/.exec(said ?? "")?.[1];
      assert.ok(Number(count) >= 7, said ?? "");
      assert.ok((await rows(page).count()) >= 7, "the dry run deleted nothing");
      // Another age needs another dry run.
      await dialog.getByLabel(/^Ended at least/).fill("1h");
      await dialog.getByRole("button", { name: "Dry run" }).waitFor();
      await dialog.getByLabel(/^Ended at least/).fill("0s");
      await dialog.getByRole("button", { name: "Dry run" }).click();
      await dialog.getByRole("button", { name: `Delete ${count} streams` }).click();
      await dialog.getByText(`${count} streams deleted`).waitFor();
    },
  },
  {
    name: "streams: a stream that is not there is said in words",
    async run({ open }, visitor) {
      const page = await visitor.visit({ base: open.http, place: "streams/s.unknown" });
      await page.getByRole("alert").getByText("no such stream").waitFor();
    },
  },
];
