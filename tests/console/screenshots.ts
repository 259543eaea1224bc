// Pictures of every view for the docs: light and dark, on a phone and on a desktop.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Browser, Page } from "playwright-core";
import { ROOT } from "../interop/run-command.ts";
import { toPalettePng } from "./palette-png.ts";
import { Visitor } from "./visitor.ts";
import { OPERATOR_KEY, startWorld } from "./world.ts";

const FOLDER = join(ROOT, "docs/images");
const VIEWS = ["now", "targets", "streams", "calls", "usage", "callers", "playground"] as const;
const LOOKS = ["light", "dark"] as const;
const DEVICES = {
  phone: { width: 400, height: 800 },
  desktop: { width: 1280, height: 800 },
} as const;
/** Load before the first picture, in milliseconds: charts shall have a shape. */
const WARM_UP_MS = 45_000;
/** Time for charts and tables to settle. */
const SETTLE_MS = 1_500;

/** A run in the middle of its stream, after a cut. */
async function play(page: Page): Promise<void> {
  await page.getByLabel("Model 1", { exact: true }).fill("fast");
  await page
    .getByLabel("Prompt", { exact: true })
    .fill("Why do streams survive a lost connection?");
  await page.getByText("Options", { exact: true }).click();
  await page.getByLabel("Simulator's script").selectOption({ index: 1 });
  await page.getByText("Options", { exact: true }).click();
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await page.getByText("text delta").nth(5).waitFor();
  await page.getByRole("button", { name: "Drop the connection" }).click();
  await delay(SETTLE_MS);
  await page.getByRole("button", { name: "Resume", exact: true }).click();
  await page.getByText(/Resumed after event/).waitFor();
  await delay(SETTLE_MS);
}

/** Writes the pictures and returns their number. */
export async function takeScreenshots(browser: Browser): Promise<number> {
  await using world = await startWorld();
  mkdirSync(FOLDER, { recursive: true });
  await delay(WARM_UP_MS);
  let taken = 0;
  for (const colorScheme of LOOKS) {
    for (const [device, viewport] of Object.entries(DEVICES)) {
      const visitor = new Visitor(browser);
      const visit = { base: world.keyed.http, key: OPERATOR_KEY, colorScheme, viewport };
      const page = await visitor.visit(visit);
      for (const view of VIEWS) {
        await page.evaluate(`location.hash = "#/${view}"`);
        await page.locator("main h1").waitFor();
        await page.locator(".skeleton").first().waitFor({ state: "detached" });
        if (view === "playground") await play(page);
        await delay(SETTLE_MS);
        const file = join(FOLDER, `${view}-${colorScheme}-${device}.png`);
        writeFileSync(file, toPalettePng(await page.screenshot()));
        taken++;
      }
      await visitor.end();
    }
  }
  return taken;
}
