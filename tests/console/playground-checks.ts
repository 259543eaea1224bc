import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Page } from "playwright-core";
import type { Check } from "./check.ts";
import { startPathProxy } from "./path-proxy.ts";
import { OPERATOR_KEY } from "./world.ts";

const execute = promisify(execFile);

/** What shells and languages treat specially. */
const PROMPT = `It's "quoted" \\ \`ticks\` $HOME $(id) """ ''' %s\n\tend; # \u05e9`;
const SCRIPT = { tokens: 60, pace_ms: 60 };

/** Fills the form and sends it. */
async function send(
  page: Page,
  fields: { readonly model?: string; readonly script?: object; readonly prompt?: string },
): Promise<void> {
  const { model = "simulator", script, prompt = "Hello" } = fields;
  await page.getByLabel("Model 1", { exact: true }).fill(model);
  await page.getByLabel("Prompt", { exact: true }).fill(prompt);
  if (script !== undefined) {
    await page.getByText("Options", { exact: true }).click();
    const choice = page.getByLabel("Simulator's script");
    await choice.selectOption({ index: 1 });
    await page.getByLabel("provider_options.simulator").fill(JSON.stringify(script));
  }
  await page.getByRole("button", { name: "Send", exact: true }).click();
}

const answer = (page: Page) => page.getByRole("region", { name: "Answer of" }).first();

async function textOf(page: Page): Promise<string> {
  return (await page.locator(".run .output").allTextContents()).join("");
}

/** The text that the same request has without a cut. */
async function wholeText(page: Page): Promise<string> {
  await send(page, { script: SCRIPT });
  await answer(page).locator(".badge").getByText("complete").waitFor();
  return textOf(page);
}

export const playgroundChecks: readonly Check[] = [
  {
    name: "playground: a stream that is dropped and resumed at another replica has the same text",
    async run({ replicas }, visitor) {
      await using proxy = await startPathProxy(
        "/behind/a/path",
        replicas.services.map(({ http }) => http),
      );
      const page = await visitor.visit({ base: proxy.url, place: "playground", key: OPERATOR_KEY });
      const whole = await wholeText(page);
      const before = proxy.passed.length;
      await page.getByRole("button", { name: "Send", exact: true }).click();
      const run = answer(page);
      await run.getByText("text delta").nth(3).waitFor();
      await run.getByRole("button", { name: "Drop the connection" }).click();
      const cut = await textOf(page);
      assert.ok(cut.length > 0 && cut.length < whole.length && whole.startsWith(cut), cut);
      await run.getByRole("button", { name: "Resume", exact: true }).click();
      await run.locator(".badge").getByText("complete").waitFor();
      assert.equal(await textOf(page), whole);
      await run
        .getByText("0 events came twice, 0 are missing. The text is the same as the stored result.")
        .waitFor();
      const calls = proxy.passed.slice(before).filter(({ path }) => path.includes("Generation"));
      assert.deepEqual(
        calls.map(({ path }) => path.split("/").at(-1)),
        ["StreamGenerate", "ResumeStream"],
      );
      assert.notEqual(calls[0]?.replica, calls[1]?.replica);
    },
  },
  {
    name: "playground: a run is cancelled",
    async run({ open }, visitor) {
      const page = await visitor.visit({ base: open.http, place: "playground" });
      await send(page, { script: { tokens: 10_000, pace_ms: 50 } });
      const run = answer(page);
      await run.getByText("text delta").first().waitFor();
      await run.getByRole("button", { name: "Cancel", exact: true }).click();
      await run.locator(".badge").getByText("cancelled").waitFor();
      await run.getByRole("cell", { name: /^CANCELLED/ }).waitFor();
    },
  },
  {
    name: "playground: faults that are not allowed are refused in words",
    async run({ open }, visitor) {
      const page = await visitor.visit({ base: open.http, place: "playground" });
      await send(page, { script: { faults: [{ attempt: 1, status: 503 }] } });
      await page.getByRole("alert").getByText("set faults.allow: true").waitFor();
    },
  },
  {
    name: "playground: a scripted fault shows the failed attempt, and the run recovers",
    async run({ keyed }, visitor) {
      const page = await visitor.visit({
        base: keyed.http,
        place: "playground",
        key: OPERATOR_KEY,
      });
      const script = { tokens: 30, faults: [{ attempt: 1, cut_after_bytes: 900 }] };
      await send(page, { model: "fast", script });
      const run = answer(page);
      await run.locator(".badge").getByText("complete").waitFor();
      await run.getByText("attempt notice").first().waitFor();
      await run.getByText(/the output so far is void/).waitFor();
    },
  },
  {
    name: "playground: JSON fills a tree",
    async run({ open }, visitor) {
      const page = await visitor.visit({ base: open.http, place: "playground" });
      await page.getByText("Options", { exact: true }).click();
      await page.getByLabel("Output", { exact: true }).selectOption("json_schema");
      await send(page, {});
      const tree = page.getByRole("list", { name: "JSON" });
      await tree.getByText("name", { exact: true }).waitFor();
      await tree.getByText("age", { exact: true }).waitFor();
      await answer(page).locator(".badge").getByText("complete").waitFor();
    },
  },
  {
    name: "playground: a tool is called, with its arguments",
    async run({ open }, visitor) {
      const page = await visitor.visit({ base: open.http, place: "playground" });
      await page.getByText("Options", { exact: true }).click();
      const tool = { name: "weather", parameters: { type: "object", properties: {} } };
      await page.getByLabel("Tools, as a JSON list").fill(JSON.stringify([tool]));
      await page.getByLabel("Tools", { exact: true }).selectOption("must be called");
      await send(page, {});
      const run = answer(page);
      await run.getByText("tool call weather").waitFor();
      await run.locator(".badge").getByText("complete").waitFor();
    },
  },
  {
    name: "playground: the copied curl command gives the same answer, and never has the key",
    async run({ keyed }, visitor) {
      const page = await visitor.visit({
        base: keyed.http,
        place: "playground",
        key: OPERATOR_KEY,
      });
      await send(page, { model: "fast", prompt: PROMPT });
      const run = answer(page);
      await run.locator(".badge").getByText("complete").waitFor();
      await run.getByText("Copy the call", { exact: true }).click();
      for (const language of ["buf curl", "Python", "TypeScript", "Go", "curl"]) {
        await run.getByLabel(/^As/).selectOption(language);
        assert.ok(!(await run.locator(".code").textContent())?.includes(OPERATOR_KEY), language);
      }
      const command = (await run.locator(".code").textContent()) ?? "";
      const { stdout } = await execute("sh", ["-c", command], {
        env: { PATH: process.env["PATH"], STEER_API_KEY: OPERATOR_KEY },
      });
      const { generation } = JSON.parse(stdout) as { generation: { outputText: string } };
      assert.equal(generation.outputText, await textOf(page));
    },
  },
  {
    name: "playground: two models answer side by side",
    async run({ keyed }, visitor) {
      const page = await visitor.visit({
        base: keyed.http,
        place: "playground",
        key: OPERATOR_KEY,
      });
      await page.getByRole("button", { name: "+ Another beside" }).click();
      await page.getByLabel("Model 2", { exact: true }).fill("careful");
      await send(page, { model: "fast" });
      for (const model of ["fast", "careful"]) {
        const run = page.getByRole("region", { name: `Answer of ${model}` });
        await run.locator(".badge").getByText("complete").waitFor();
      }
    },
  },
  {
    name: "playground: mistakes of the form are named",
    async run({ open }, visitor) {
      const page = await visitor.visit({ base: open.http, place: "playground" });
      const alert = page.getByRole("alert");
      await page.getByRole("button", { name: "Send", exact: true }).click();
      await alert.getByText("Name a model.").waitFor();
      await page.getByText("Options", { exact: true }).click();
      await page.getByLabel("Tools, as a JSON list").fill("{");
      await send(page, {});
      await alert.getByText(/The list of tools is not JSON/).waitFor();
      await page.getByLabel("Tools, as a JSON list").fill("");
      await page.getByLabel("Temperature").fill("hot");
      await page.getByRole("button", { name: "Send", exact: true }).click();
      await alert.getByText("Temperature takes a number from 0 to 2.").waitFor();
    },
  },
];
