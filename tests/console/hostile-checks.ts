// Names that callers make up: none of them becomes an element, a script or an address.
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import type { Check } from "./check.ts";
import { startEndless } from "./load.ts";
import { CALLER_KEY, HOSTILE_MODEL, OPERATOR_KEY } from "./world.ts";

const LABELS = {
  markup: `<img src=x onerror="alert(1)">`,
  quotes: `"'\`><script>alert(1)</script>`,
  rtl: "\u202egnp.exe\u202c \u05e9\u05dc\u05d5\u05dd",
  address: "javascript:alert(1)",
  long: "x".repeat(256),
};

/** Elements of the page that only a name could have made. */
async function madeElements(page: Page): Promise<unknown> {
  return page.evaluate(`[...document.querySelectorAll(
    "img, b, iframe, object, embed, script:not([src]), [onerror], a[href^='javascript']"
  )].map((element) => element.outerHTML)`);
}

/** The page is not wider than the window. */
async function isInside(page: Page): Promise<boolean> {
  return page.evaluate("document.documentElement.scrollWidth <= innerWidth");
}

export const hostileChecks: readonly Check[] = [
  {
    name: "hostile names: labels and the model of a stream are text",
    async run({ keyed }, visitor) {
      const id = await startEndless(keyed.grpc, CALLER_KEY, HOSTILE_MODEL, LABELS);
      const viewport = { width: 400, height: 800 };
      const visit = { base: keyed.http, key: OPERATOR_KEY, viewport };
      const page = await visitor.visit({ ...visit, place: `streams/${id}` });
      for (const value of Object.values(LABELS)) {
        await page.getByText(value, { exact: true }).first().waitFor();
      }
      assert.deepEqual(await madeElements(page), []);
      assert.ok(await isInside(page), "a long name widens the page");
      const list = await visitor.visit({ ...visit, place: "streams" });
      await list.getByText(HOSTILE_MODEL).first().waitFor();
      assert.deepEqual(await madeElements(list), []);
      assert.ok(await isInside(list), "a name widens the list's page");
    },
  },
  {
    name: "hostile names: models, text and JSON of the playground are text",
    async run({ keyed }, visitor) {
      const page = await visitor.visit({
        base: keyed.http,
        place: "playground",
        key: OPERATOR_KEY,
      });
      await page.getByLabel("Model 1", { exact: true }).fill(HOSTILE_MODEL);
      await page.getByLabel("Prompt", { exact: true }).fill(LABELS.markup);
      await page.getByRole("button", { name: "Send", exact: true }).click();
      await page.locator(".run .badge").getByText("complete").waitFor();
      await page.locator(".output").getByText(LABELS.markup).waitFor();
      assert.deepEqual(await madeElements(page), []);
    },
  },
  {
    name: "hostile names: every view reads them from its address as text",
    async run({ keyed }, visitor) {
      const page = await visitor.visit({ base: keyed.http, key: OPERATOR_KEY });
      for (const view of ["targets", "streams", "calls", "usage", "callers", "playground"]) {
        for (const text of Object.values(LABELS)) {
          const word = encodeURIComponent(text);
          const params = `caller=${word}&model=${word}&provider=${word}&phase=${word}`;
          await page.evaluate(`location.hash = ${JSON.stringify(`#/${view}/${word}?${params}`)}`);
          await page.evaluate(`location.hash = ${JSON.stringify(`#/${view}?${params}`)}`);
        }
        await page.locator("main").waitFor();
        assert.deepEqual(await madeElements(page), []);
      }
    },
  },
];
