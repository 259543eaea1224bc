// Every view under load: what it shows, by sight, by keyboard and by what assistive programs read.
import assert from "node:assert/strict";
import axe from "axe-core";
import type { Page } from "playwright-core";
import type { Check } from "./check.ts";
import type { Visitor } from "./visitor.ts";
import { CALLER, OPERATOR_KEY, type World } from "./world.ts";

const PHONE = { width: 400, height: 800 };
/** Most keys that are pressed in one view. */
const MAX_TABS = 600;

/** A view, and a text of real data in it. */
interface Sight {
  readonly view: string;
  readonly data: RegExp;
}

const SIGHTS: readonly Sight[] = [
  { view: "now", data: /calls/i },
  { view: "targets", data: /careful/ },
  { view: "streams", data: /s\.[0-9a-f]{32}/ },
  { view: "calls", data: new RegExp(CALLER) },
  { view: "usage", data: /fast/ },
  { view: "callers", data: new RegExp(CALLER) },
  { view: "playground", data: /Prompt/ },
];

async function goTo(page: Page, { view, data }: Sight): Promise<void> {
  await page.evaluate(`location.hash = "#/${view}"`);
  await page.locator("main h1").waitFor();
  await page.locator("main").getByText(data).first().waitFor();
  await page.locator(".skeleton").first().waitFor({ state: "detached" });
}

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const found = (await page.evaluate(
    "axe.run().then(({ violations }) => violations)",
  )) as Violation[];
  return found.map(({ id, nodes }) => {
    const [first] = nodes;
    return `${id} (${nodes.length}): ${first?.html.slice(0, 200)} ${first?.failureSummary}`;
  });
}

async function checkAxe(
  { keyed }: World,
  visitor: Visitor,
  colorScheme: "light" | "dark",
): Promise<void> {
  const page = await visitor.visit({ base: keyed.http, key: OPERATOR_KEY, colorScheme });
  const found: string[] = [];
  for (const sight of SIGHTS) {
    await goTo(page, sight);
    found.push(...(await violations(page)).map((text) => `${sight.view}: ${text}`));
  }
  assert.deepEqual(found, []);
}

/** Marks what can be focused, and remembers what was. */
const BEGIN_FOCUS = `{
  window.reached = new Set();
  document.addEventListener("focusin", ({ target }) => window.reached.add(target));
  window.reachable = [...document.querySelectorAll(
    "a[href], button:enabled, input:enabled, select:enabled, textarea:enabled, summary, [tabindex='0']"
  )].filter((element) => element.checkVisibility());
}`;
const NOT_REACHED = `window.reachable
  .filter((element) => element.isConnected && !window.reached.has(element))
  .map((element) => element.outerHTML.slice(0, 120))`;

export const viewsChecks: readonly Check[] = [
  {
    name: "views: each shows real data under load, and none an error",
    async run({ keyed }, visitor) {
      const page = await visitor.visit({ base: keyed.http, key: OPERATOR_KEY });
      for (const sight of SIGHTS) {
        await goTo(page, sight);
        assert.deepEqual(await page.locator(".notice.error").allTextContents(), [], sight.view);
      }
    },
  },
  {
    name: "views: each is inside a window of 400 pixels",
    async run({ keyed }, visitor) {
      const visit = { base: keyed.http, key: OPERATOR_KEY, viewport: PHONE };
      const page = await visitor.visit(visit);
      for (const sight of SIGHTS) {
        await goTo(page, sight);
        const width = await page.evaluate("document.documentElement.scrollWidth");
        assert.ok(Number(width) <= PHONE.width, `${sight.view} is ${width} pixels wide`);
      }
    },
  },
  {
    name: "views: axe finds nothing in the light look",
    run: (world, visitor) => checkAxe(world, visitor, "light"),
  },
  {
    name: "views: axe finds nothing in the dark look",
    run: (world, visitor) => checkAxe(world, visitor, "dark"),
  },
  {
    name: "views: axe finds nothing in the login, in one entry and in dialogs",
    async run({ keyed, open }, visitor) {
      const login = await visitor.visit({ base: keyed.http });
      await login.getByLabel("Key of an operator").waitFor();
      assert.deepEqual(await violations(login), []);
      const page = await visitor.visit({ base: keyed.http, place: "streams", key: OPERATOR_KEY });
      await page.getByRole("button", { name: "Clean up…" }).click();
      await page.getByRole("dialog").waitFor();
      assert.deepEqual(await violations(page), []);
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "detached" });
      await page.getByRole("region", { name: "Stored streams" }).getByRole("link").last().click();
      await page
        .getByRole("region", { name: "Attempts" })
        .or(page.locator(".notice"))
        .first()
        .waitFor();
      assert.deepEqual(await violations(page), []);
      await page.evaluate(`location.hash = "#/callers/${CALLER}"`);
      await page.getByText("is read-only here").waitFor();
      assert.deepEqual(await violations(page), []);
      const empty = await visitor.visit({ base: open.http, place: "callers" });
      await empty.getByText("There are no callers.").waitFor();
      assert.deepEqual(await violations(empty), []);
    },
  },
  {
    name: "views: the keyboard reaches everything",
    async run({ keyed }, visitor) {
      const page = await visitor.visit({ base: keyed.http, key: OPERATOR_KEY });
      for (const sight of SIGHTS) {
        await goTo(page, sight);
        await page.evaluate(BEGIN_FOCUS);
        let left: string[] = [];
        for (let tabs = 0; tabs < MAX_TABS; tabs++) {
          await page.keyboard.press("Tab");
          if (tabs % 10 !== 9) continue;
          left = (await page.evaluate(NOT_REACHED)) as string[];
          if (left.length === 0) break;
        }
        assert.deepEqual(left, [], sight.view);
      }
    },
  },
];
