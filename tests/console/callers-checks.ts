import assert from "node:assert/strict";
import type { Locator, Page } from "playwright-core";
import { startService } from "../support/service.ts";
import type { Check } from "./check.ts";
import { CALLER, CALLER_KEY, OPERATOR_KEY } from "./world.ts";

/** Makes a caller by the form, and opens its page. */
async function createCaller(page: Page, id: string, isOperator = false): Promise<void> {
  await page.getByRole("button", { name: "New caller…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel(/^Identifier/).fill(id);
  if (isOperator) await dialog.getByRole("checkbox", { name: /Operator/ }).check();
  await dialog.getByRole("button", { name: "Create the caller" }).click();
  await page.getByRole("heading", { name: id, exact: true }).waitFor();
}

/** Makes a key by the form, and returns its text. */
async function createKey(page: Page): Promise<string> {
  await page.getByRole("button", { name: "New key…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Create the key" }).click();
  return readSecret(dialog);
}

async function readSecret(dialog: Locator): Promise<string> {
  await dialog.getByText("This is the only time that the key is shown.").waitFor();
  const secret = (await dialog.getByLabel("New key").textContent()) ?? "";
  assert.match(secret, /^sk-steer-[0-9A-Za-z]{43}$/);
  await dialog.getByRole("button", { name: "I have kept the key" }).click();
  await dialog.waitFor({ state: "detached" });
  return secret;
}

/** Status of a call of an operator with a key. */
async function statusOf(base: string, key: string): Promise<number> {
  const response = await fetch(`${base}/steer.v1.ModelService/ListModels`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
    body: "{}",
  });
  await response.arrayBuffer();
  return response.status;
}

const keys = (page: Page) => page.getByRole("region", { name: "Keys" }).locator("tbody tr");

export const callersChecks: readonly Check[] = [
  {
    name: "callers: a caller is made, gets a key that is shown once, and loses it",
    async run({ keyed }, visitor) {
      const page = await visitor.visit({ base: keyed.http, place: "callers", key: OPERATOR_KEY });
      await createCaller(page, "search-backend");
      const secret = await createKey(page);
      assert.ok(!(await page.content()).includes(secret), "the key is still in the page");
      assert.equal(await statusOf(keyed.http, secret), 200);
      await keys(page)
        .getByRole("button", { name: /^Rotate/ })
        .click();
      await page.getByRole("dialog").getByRole("button", { name: "Create the key" }).click();
      const next = await readSecret(page.getByRole("dialog"));
      await keys(page).nth(1).waitFor();
      assert.equal(await statusOf(keyed.http, next), 200);
      await page.getByRole("button", { name: `Revoke the key ${secret.slice(0, 17)}` }).click();
      await page.getByRole("button", { name: "Revoke the key", exact: true }).click();
      await keys(page).getByText(secret.slice(0, 17)).waitFor({ state: "detached" });
      assert.equal(await statusOf(keyed.http, secret), 401);
      assert.equal(await statusOf(keyed.http, next), 200);
    },
  },
  {
    name: "callers: limits are changed, and mistakes are named",
    async run({ keyed }, visitor) {
      const page = await visitor.visit({ base: keyed.http, place: "callers", key: OPERATOR_KEY });
      await createCaller(page, "limited");
      await page.getByRole("button", { name: "Change the limits…" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByLabel("Requests").fill("many");
      await dialog.getByRole("button", { name: "Change the limits" }).click();
      await dialog
        .getByRole("alert")
        .getByText(/Requests take a number and a window/)
        .waitFor();
      await dialog.getByLabel("Requests").fill("60/m, 1000/h");
      await dialog.getByLabel("Money", { exact: true }).fill("USD 5.25/day");
      await dialog.getByRole("button", { name: "Change the limits" }).click();
      await dialog.waitFor({ state: "detached" });
      await page.getByText("60/m, 1000/h requests; USD 5.25/day").waitFor();
      await page.getByLabel("USD 5.25 a day").waitFor();
    },
  },
  {
    name: "callers: callers of the configuration are read-only, with how full their limits are",
    async run({ keyed }, visitor) {
      const place = `callers/${CALLER}`;
      const page = await visitor.visit({ base: keyed.http, place, key: OPERATOR_KEY });
      await page.getByText("is read-only here").waitFor();
      await page.getByText("USD 3 a day", { exact: true }).waitFor();
      assert.equal(await page.getByRole("button", { name: "New key…" }).count(), 0);
      assert.equal(await page.getByRole("button", { name: "Change the limits…" }).count(), 0);
    },
  },
  {
    name: "callers: a caller that exists is refused in words",
    async run({ keyed }, visitor) {
      const page = await visitor.visit({ base: keyed.http, place: "callers", key: OPERATOR_KEY });
      await page.getByRole("button", { name: "New caller…" }).click();
      const dialog = page.getByRole("dialog");
      for (const [id, advice] of [
        [CALLER, /Change the configuration|choose another identifier/],
        ["no blanks!", /./],
      ] as const) {
        await dialog.getByLabel(/^Identifier/).fill(id);
        await dialog.getByRole("button", { name: "Create the caller" }).click();
        await dialog.getByRole("alert").getByText(advice).first().waitFor();
      }
    },
  },
  {
    name: "callers: the first operator's key closes the service, and the tab goes on with it",
    async run(_, visitor) {
      const service = await startService();
      try {
        const page = await visitor.visit({ base: service.http, place: "callers" });
        await page.getByText("There are no callers.").waitFor();
        await createCaller(page, "ops", true);
        const secret = await createKey(page);
        await page.getByText("this tab's key").waitFor();
        await page.getByRole("button", { name: "Log out" }).waitFor();
        assert.equal(await statusOf(service.http, secret), 200);
        assert.equal(await statusOf(service.http, "no-key"), 401);
        await page.getByRole("button", { name: /^Revoke the key/ }).click();
        const dialog = page.getByRole("dialog");
        await dialog.getByText("This tab uses the key").waitFor();
        await dialog.getByRole("button", { name: "Revoke the key", exact: true }).click();
        await dialog
          .getByRole("alert")
          .getByText(/Make another operator/)
          .waitFor();
        await dialog.getByRole("checkbox", { name: /Do it although/ }).waitFor();
      } finally {
        await service.stop();
      }
    },
  },
];

export const loginChecks: readonly Check[] = [
  {
    name: "login: a caller's key is refused, an operator's opens, and logging out forgets it",
    async run({ keyed }, visitor) {
      const page = await visitor.visit({ base: keyed.http, place: "callers" });
      const field = page.getByLabel("Key of an operator");
      await field.fill(CALLER_KEY);
      await page.getByRole("button", { name: "Log in" }).click();
      await page
        .getByRole("alert")
        .getByText(/not that of an operator/)
        .waitFor();
      await field.fill("wrong");
      await page.getByRole("button", { name: "Log in" }).click();
      await page.getByRole("alert").waitFor();
      await field.fill(OPERATOR_KEY);
      await page.getByRole("button", { name: "Log in" }).click();
      await page.getByRole("link", { name: CALLER }).first().waitFor();
      await page.reload();
      await page.getByRole("link", { name: CALLER }).first().waitFor();
      await page.getByRole("button", { name: "Log out" }).click();
      await field.waitFor();
      await page.reload();
      await field.waitFor();
      assert.equal(await page.evaluate(`sessionStorage.getItem("steer.key")`), null);
    },
  },
  {
    name: "login: a key that is revoked in the middle leads to the login",
    async run({ keyed }, visitor) {
      const page = await visitor.visit({ base: keyed.http, place: "callers", key: OPERATOR_KEY });
      await createCaller(page, "second-operator", true);
      const secret = await createKey(page);
      const other = await visitor.visit({ base: keyed.http, place: "streams", key: secret });
      await other.getByRole("region", { name: "Stored streams" }).waitFor();
      await page.getByRole("button", { name: /^Revoke the key/ }).click();
      await page.getByRole("button", { name: "Revoke the key", exact: true }).click();
      await other.getByLabel("Key of an operator").waitFor();
      await other.getByRole("alert").waitFor();
    },
  },
];
