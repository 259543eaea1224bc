import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import http, { type IncomingHttpHeaders, type Server } from "node:http";
import http2 from "node:http2";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readConsoleFiles } from "../../../src/console/console-files.ts";
import { ConsolePages } from "../../../src/console/console-pages.ts";
import { consoleUrl } from "../../../src/console/console-url.ts";
import { requestRaw } from "../../support/raw-http.ts";

const INDEX = "<!doctype html><title>Steer</title>";
const SCRIPT = "console.log(1);".repeat(100);

let folder: string;
let server: Server | undefined;
let hosts: readonly string[] | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "steer-console-"));
  mkdirSync(join(folder, "assets"));
  hosts = ["steer-1"];
});

afterEach(async () => {
  await new Promise((resolve) => server?.close(resolve) ?? resolve(undefined));
  server = undefined;
  rmSync(folder, { recursive: true });
});

function build(): void {
  writeFileSync(join(folder, "index.html"), INDEX);
  writeFileSync(join(folder, "assets/index-1.js"), SCRIPT);
  writeFileSync(join(folder, "assets/index-1.js.gz"), gzipSync(SCRIPT));
}

/** A server over the pages, which answers 418 to other paths. */
async function start(): Promise<string> {
  const pages = new ConsolePages({ files: readConsoleFiles(folder), hosts: () => hosts });
  server = http.createServer((request, response) => {
    if (!pages.handle(request, response)) response.writeHead(418).end();
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const get = (url: string, headers: IncomingHttpHeaders = {}, method = "GET") =>
  requestRaw(url, { method, headers });

describe("the pages of the console", () => {
  it("are served with a policy that allows nothing inline and nothing from elsewhere", async () => {
    build();
    const { status, headers, body } = await get(`${await start()}/console/?a=b`);
    expect([status, body]).toEqual([200, INDEX]);
    expect(headers["content-security-policy"]).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
        "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    expect(headers).toMatchObject({
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-cache",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cross-origin-opener-policy": "same-origin",
    });
    expect(headers["set-cookie"]).toBeUndefined();
  });

  it("are found below any prefix, because the redirect is relative", async () => {
    build();
    const { status, headers } = await get(`${await start()}/console?a=b`);
    expect([status, headers.location]).toEqual([307, "console/"]);
  });

  it("are compressed for those who take gzip", async () => {
    build();
    const base = await start();
    const path = `${base}/console/assets/index-1.js`;
    const plain = await get(path, { "accept-encoding": "br, gzip;q=0" });
    expect(plain.headers["content-encoding"]).toBeUndefined();
    expect([plain.body, plain.headers["cache-control"]]).toEqual([
      SCRIPT,
      "public, max-age=31536000, immutable",
    ]);
    const answer = await fetch(path, { headers: { "accept-encoding": "br, gzip;q=0.5" } });
    expect(answer.headers.get("content-encoding")).toBe("gzip");
    expect(await answer.text()).toBe(SCRIPT);
  });

  it("are not sent again to those who have them", async () => {
    build();
    const base = await start();
    const { headers } = await get(`${base}/console/`);
    const again = await get(`${base}/console/`, { "if-none-match": `"x", W/${headers.etag}` });
    expect([again.status, again.body]).toEqual([304, ""]);
    const other = await get(`${base}/console/`, { "if-none-match": '"x"' });
    expect(other.status).toBe(200);
  });

  it("have only the names of the built files", async () => {
    build();
    writeFileSync(join(folder, "../secret"), "secret");
    const base = await start();
    const paths = ["../secret", "..%2fsecret", "assets/", "assets/../index.html", "a", "//", "%"];
    for (const path of paths) {
      const [status] = await statusOf(base, `/console/${path}`);
      expect([path, status]).toEqual([path, 404]);
    }
    rmSync(join(folder, "../secret"));
    expect(await statusOf(base, "/consoles")).toEqual([418]);
  });

  /** Without a client that resolves `..` first. */
  function statusOf(base: string, path: string): Promise<[number | undefined]> {
    const { port } = new URL(base);
    return new Promise((resolve, reject) => {
      const request = http.get({ port, path, host: "127.0.0.1", agent: false }, (answer) => {
        answer.resume();
        answer.on("end", () => resolve([answer.statusCode]));
      });
      request.on("error", reject);
    });
  }

  it("answer GET and HEAD alone", async () => {
    build();
    const base = await start();
    const head = await get(`${base}/console/`, {}, "HEAD");
    expect([head.status, head.body, head.headers["content-length"]]).toEqual([
      200,
      "",
      String(INDEX.length),
    ]);
    const post = await get(`${base}/console/`, {}, "POST");
    expect([post.status, post.headers.allow]).toEqual([405, "GET, HEAD"]);
  });

  it("are the same over HTTP/2", async () => {
    build();
    const pages = new ConsolePages({ files: readConsoleFiles(folder), hosts: () => hosts });
    const errors: unknown[] = [];
    const h2 = http2.createServer((request, response) => {
      response.stream.on("error", (error) => errors.push(error));
      pages.handle(request as never, response as never);
    });
    await new Promise<void>((resolve) => h2.listen(0, "127.0.0.1", resolve));
    const session = http2.connect(`http://127.0.0.1:${(h2.address() as AddressInfo).port}`);
    const ask = async (method: string, authority = "steer-1"): Promise<unknown[]> => {
      const stream = session.request({
        ":method": method,
        ":path": "/console/",
        ":authority": authority,
      });
      const [headers] = await once(stream, "response");
      return [headers[":status"], await text(stream)];
    };
    expect(await ask("GET")).toEqual([200, INDEX]);
    expect(await ask("HEAD")).toEqual([200, ""]);
    expect(await ask("GET", "rebound.test")).toEqual([403, expect.any(String)]);
    expect(errors).toEqual([]);
    await new Promise<void>((resolve) => session.close(resolve));
    await new Promise((resolve) => h2.close(resolve));
  });

  it("are refused under a name that is not this machine's, unless callers have keys", async () => {
    build();
    const base = await start();
    const under = async (host: string) => (await get(`${base}/console/`, { host })).status;
    expect(await under("rebound.test")).toBe(403);
    expect(await under("steer-1:8080")).toBe(200);
    expect(await under("10.0.0.1:8080")).toBe(200);
    expect(await under("localhost")).toBe(200);
    hosts = undefined;
    expect(await under("steer.example.com")).toBe(200);
  });

  it("say how they are built, where they are not", async () => {
    rmSync(join(folder, "assets"), { recursive: true });
    const { status, body, headers } = await get(`${await start()}/console/`);
    expect([status, headers["content-type"]]).toEqual([404, "text/plain; charset=utf-8"]);
    expect(body).toContain("npm run console:build");
  });

  it("are bounded", () => {
    for (let index = 0; index <= 100; index++) writeFileSync(join(folder, `${index}.js`), "");
    expect(() => readConsoleFiles(folder)).toThrow(/is no built console: it has 101 files/);
  });
});

describe("the address of the console", () => {
  it.each([
    ["127.0.0.1", false, "http://127.0.0.1:8080/console/"],
    ["0.0.0.0", false, "http://localhost:8080/console/"],
    ["::", true, "https://localhost:8080/console/"],
    ["::1", false, "http://[::1]:8080/console/"],
  ])("of a listener at %s can be opened in a browser", (host, hasTls, expected) => {
    expect(consoleUrl({ host, port: 8080 }, hasTls)).toBe(expected);
  });
});
