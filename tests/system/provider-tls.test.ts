// The TLS of connections to providers: authorities and client certificates of an instance, and their change.
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ErrorCategory } from "../../gen/es/steer/v1/error_pb.js";
import { type Certificates, makeCertificates } from "../support/certificates.ts";
import { type FieldStack, startFieldStack } from "../support/field-stack.ts";
import { eventually } from "../support/stack.ts";
import { chatWhole } from "../support/wire-answers.ts";

/** Longer than the time between two looks at the files. */
const LOOK_MS = 11_000;
const answer = () => chatWhole({ content: "by TLS" });

let right: Certificates;
let wrong: Certificates;
let folder: string;
let on: FieldStack;

const path = (name: string): string => join(folder, name);
const lines = (event: string) => on.log.filter((line) => line["event"] === event);

beforeAll(() => {
  right = makeCertificates("gateway.example", ["DNS=second.example"]);
  wrong = makeCertificates("gateway.example");
});

afterAll(() => {
  right[Symbol.dispose]();
  wrong[Symbol.dispose]();
});

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "steer-provider-tls-"));
  copyFileSync(right.ca, path("ca.crt"));
  copyFileSync(right.clientCert, path("client.crt"));
  copyFileSync(right.clientKey, path("client.key"));
  const { read, serverCert, serverKey, ca } = right;
  on = await startFieldStack(
    ["one"],
    (url) => `
providers:
  - id: one
    type: openai
    base_url: "${url("one")}/v1"
    api_key_env: UP_KEY
    tls: {ca_file: ${path("ca.crt")}, cert_file: ${path("client.crt")}, key_file: ${path("client.key")}}
models: [{id: m, provider: one}]
`,
    { tls: { cert: read(serverCert), key: read(serverKey), ca: read(ca), requestCert: true } },
  );
  await on.script({ one: answer });
});

afterEach(async () => {
  await on[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

/** The next look at the files has been taken, and a reload of its own has ended. */
async function look(): Promise<void> {
  await on.advance(LOOK_MS);
}

async function reloaded(times: number): Promise<void> {
  await look();
  await eventually(() => lines("reloaded").length === times);
}

const call = () => on.call("unary", { model: "m", prompt: "q" });

/** Name of the certificate that the newest call has shown. */
const shown = () => (on.sockets("one").at(-1) as TLSSocket).getPeerCertificate().subject.CN;

describe("the files of an instance", () => {
  it("are taken over when they change, without a signal, once", async () => {
    expect((await call()).generation?.outputText).toBe("by TLS");
    expect(shown()).toBe("client");
    const [second] = right.more;
    copyFileSync(second?.cert ?? "", path("client.crt"));
    copyFileSync(second?.key ?? "", path("client.key"));
    await reloaded(1);
    expect((await call()).generation?.outputText).toBe("by TLS");
    expect(shown()).toBe("more0");
    for (let looks = 0; looks < 3; looks++) await look();
    expect(lines("reloaded")).toMatchObject([{ cause: "provider_tls" }]);
  });

  it("with an authority that has not signed the server's certificate are told of", async () => {
    copyFileSync(wrong.ca, path("ca.crt"));
    await reloaded(1);
    const { error, attempts } = await call();
    expect(error?.category).toBe(ErrorCategory.NETWORK);
    expect(error?.message).toContain(
      "the provider's certificate is of an authority that is not trusted here (SELF_SIGNED_CERT_IN_CHAIN)",
    );
    // A repetition would meet the same certificate.
    expect(attempts).toEqual(["one/m FAILED NETWORK"]);
    const reason = "PROVIDER_TLS";
    await eventually(() => on.log.some((line) => line["reason"] === reason));
    const { providers } = await on.admin.getProviderStatus({});
    expect(providers["one"]?.lastErrorCategory).toBe(ErrorCategory.NETWORK);
    copyFileSync(right.ca, path("ca.crt"));
    await reloaded(2);
    expect((await call()).generation?.outputText).toBe("by TLS");
  });

  it.each([
    ["missing", () => rmSync(path("ca.crt")), "ca.crt cannot be read"],
    ["empty", () => writeFileSync(path("ca.crt"), ""), "ca.crt holds no certificate"],
    ["of another key", () => copyFileSync(wrong.clientKey, path("client.key")), "are no pair"],
  ])("that are %s leave those before in use, and are told of once", async (_name, spoil, why) => {
    spoil();
    for (let looks = 0; looks < 3; looks++) await look();
    await eventually(() => lines("reload failed").length > 0);
    expect((await call()).generation?.outputText).toBe("by TLS");
    const [failed, ...more] = lines("reload failed");
    expect(more).toEqual([]);
    expect(failed).toMatchObject({ cause: "provider_tls" });
    expect(failed?.["message"]).toMatch(/^provider one: tls: /);
    expect(failed?.["message"]).toContain(why);
    expect(JSON.stringify(on.log)).not.toContain("PRIVATE KEY");
  });
});
