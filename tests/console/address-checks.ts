// Where the console is served, and by which version.
import assert from "node:assert/strict";
import { request } from "node:http";
import packageJson from "../../package.json" with { type: "json" };
import type { Check } from "./check.ts";
import { startPathProxy } from "./path-proxy.ts";
import { OPERATOR_KEY } from "./world.ts";

interface Answer {
  readonly status: number;
  readonly policy: string;
}

/** Asks for the console under a name. */
function askAs(base: string, host: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(`${base}/console/`, { headers: { host } }, (answer) => {
      answer.resume();
      const { "content-security-policy": policy } = answer.headers;
      resolve({ status: answer.statusCode ?? 0, policy: String(policy) });
    });
    asked.on("error", reject);
    asked.end();
  });
}

export const addressChecks: readonly Check[] = [
  {
    name: "address: the console works behind a path, also without the slash at its end",
    async run({ replicas }, visitor) {
      const services = replicas.services.map(({ http }) => http);
      await using proxy = await startPathProxy("/tools/steer", services);
      const page = await visitor.visit({ base: proxy.url, place: "callers", key: OPERATOR_KEY });
      await page.getByRole("link", { name: "ops" }).first().waitFor();
      await page.goto(`${proxy.url}/console#/streams`);
      await page.getByRole("heading", { name: "Streams" }).waitFor();
      assert.ok(page.url().startsWith(`${proxy.url}/console/`), page.url());
    },
  },
  {
    name: "address: a service without callers refuses the name of another site",
    async run({ open }) {
      const { port } = new URL(open.http);
      assert.equal((await askAs(open.http, `localhost:${port}`)).status, 200);
      assert.equal((await askAs(open.http, `evil.example:${port}`)).status, 403);
    },
  },
  {
    name: "address: the policy has no unsafe word and names no other origin",
    async run({ open, keyed }) {
      for (const { http } of [open, keyed]) {
        const { policy } = await askAs(http, new URL(http).host);
        assert.match(policy, /default-src 'none'/);
        assert.match(policy, /frame-ancestors 'none'/);
        assert.doesNotMatch(policy, /unsafe|https?:|data:|\*/);
      }
    },
  },
  {
    name: "address: an old tab says that the service has another version",
    async run({ replicas }, visitor) {
      const services = replicas.services.map(({ http }) => http);
      await using proxy = await startPathProxy("/old", services);
      const page = await visitor.visit({ base: proxy.url, place: "streams", key: OPERATOR_KEY });
      const notice = page.getByText(`This page is of version ${packageJson.version}`);
      await page.getByRole("heading", { name: "Streams" }).waitFor();
      assert.equal(await notice.count(), 0);
      // An upgraded service behind the same address.
      proxy.replaceHeaders({ "x-steer-version": "99.0.0" });
      await notice.waitFor();
      await page.getByText("the service is of version 99.0.0").waitFor();
      proxy.replaceHeaders({});
      await page.getByRole("button", { name: "Reload the page" }).click();
      await notice.waitFor({ state: "detached" });
    },
  },
];
