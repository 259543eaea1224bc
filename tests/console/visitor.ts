// A browser that looks at the console, and everything that it must never see.
import assert from "node:assert/strict";
import type { Browser, BrowserContext, Page } from "playwright-core";

export interface VisitOptions {
  /** Address of the service, with the path of a proxy. */
  readonly base: string;
  /** Place in the console, such as `streams`. */
  readonly place?: string;
  /** Key of an operator; undefined: none is given. */
  readonly key?: string;
  readonly colorScheme?: "light" | "dark";
  readonly viewport?: { readonly width: number; readonly height: number };
}

/** A generous last resort: pages poll every few seconds. */
const TIMEOUT_MS = 20_000;
const DESKTOP = { width: 1280, height: 800 };

/** Collects reports of the page's policy. Runs before the page's own script. */
const WATCH = `
window.policyReports = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.policyReports.push(event.violatedDirective + " " + event.blockedURI);
});
`;

/** Contexts of one check. Each is without storage, and ends with the check. */
export class Visitor {
  readonly #browser: Browser;
  readonly #open: BrowserContext[] = [];
  readonly #troubles: string[] = [];

  constructor(browser: Browser) {
    this.#browser = browser;
  }

  /** Opens the console in a new context. */
  async visit(options: VisitOptions): Promise<Page> {
    const { base, place = "now", key, colorScheme = "light", viewport = DESKTOP } = options;
    const context = await this.#browser.newContext({
      colorScheme,
      viewport,
      reducedMotion: "reduce",
    });
    this.#open.push(context);
    await context.addInitScript(WATCH);
    if (key !== undefined) {
      // Only the first page gets the key: a page that forgot its key must stay without one.
      await context.addInitScript(`
        if (sessionStorage.getItem("test.begun") === null) {
          sessionStorage.setItem("test.begun", "yes");
          sessionStorage.setItem("steer.key", ${JSON.stringify(key)});
        }`);
    }
    context.setDefaultTimeout(TIMEOUT_MS);
    const page = await context.newPage();
    this.#watch(page, new URL(base).origin);
    await page.goto(`${base}/console/#/${place}`);
    return page;
  }

  #watch(page: Page, origin: string): void {
    page.on("dialog", (dialog) => {
      this.#troubles.push(`a dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on("pageerror", (error) => this.#troubles.push(`an error of the page: ${error.message}`));
    page.on("request", (request) => {
      const url = request.url();
      if (new URL(url).origin !== origin) this.#troubles.push(`a request to ${url}`);
    });
  }

  /** Ends the check. Rejects if a page saw what it must not see. */
  async end(): Promise<void> {
    const reports: string[] = [];
    for (const page of this.#open.flatMap((context) => context.pages())) {
      const found = (await page.evaluate("window.policyReports").catch(() => [])) as string[];
      reports.push(...(found ?? []));
    }
    await this.close();
    assert.deepEqual(this.#troubles, []);
    assert.deepEqual(reports, [], "the page's policy was violated");
  }

  async close(): Promise<void> {
    await Promise.all(this.#open.splice(0).map((context) => context.close()));
  }
}
