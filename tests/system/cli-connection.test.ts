// What the command line makes of STEER_ADDRESS and STEER_API_KEY.
import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Certificates, makeCertificates } from "../support/certificates.ts";
import { runSteer } from "../support/run-steer.ts";
import { type ServiceProcess, startService } from "../support/service.ts";

const KEY = "key-of-the-command-line";
const CALLERS = `
callers:
  - {id: cli, role: caller, key_sha256: ${createHash("sha256").update(KEY).digest("hex")}}
`;

let certificates: Certificates;
let secure: ServiceProcess;

beforeAll(async () => {
  certificates = makeCertificates("cli.example");
  const { serverCert, serverKey } = certificates;
  secure = await startService({
    config: `${CALLERS}\ngrpc: {tls: {cert_file: ${serverCert}, key_file: ${serverKey}}}`,
  });
});

afterAll(async () => {
  await secure.stop();
  certificates[Symbol.dispose]();
});

describe("STEER_ADDRESS", () => {
  it("is refused at the first call if it is none, and is not quoted", async () => {
    const env = { STEER_ADDRESS: "https://user:secret@steer:1/v1" };
    const { code, stdout, stderr } = await runSteer(["models"], { env });
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^steer: STEER_ADDRESS: an address is host:port, http/);
    expect(stderr).not.toContain("secret");
    // A command that calls nobody has no use for it.
    expect((await runSteer(["keygen"], { env })).code).toBe(0);
  });

  it("as https:// trusts the authorities of the machine", async () => {
    const env = { STEER_ADDRESS: `https://${secure.grpc}`, STEER_API_KEY: KEY };
    const known = { ...env, SSL_CERT_FILE: certificates.ca };
    const { code, stdout, stderr } = await runSteer(["models", "simulator"], { env: known });
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("simulator");
    const unknown = await runSteer(["models", "simulator"], { env });
    expect([unknown.code, unknown.stdout]).toEqual([24, ""]);
    expect(unknown.stderr).toContain("an authority that is not trusted here");
  });
});

describe("STEER_API_KEY", () => {
  it("is refused if no header takes it, and is not quoted", async () => {
    const env = { STEER_ADDRESS: secure.grpc, STEER_API_KEY: `${KEY}\n` };
    const { code, stdout, stderr } = await runSteer(["models"], { env });
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^steer: STEER_API_KEY: a key is one line of ASCII without spaces\n/);
    expect(stderr).not.toContain(KEY);
  });

  it("does not leave the machine in the clear without a word, unless http:// says so", async () => {
    const said = async (address: string) => {
      const env = { STEER_ADDRESS: address, STEER_API_KEY: KEY };
      return (await runSteer(["health"], { env })).stderr;
    };
    const warned = await said("steer.invalid:50051");
    expect(warned).toContain(
      "steer: the key goes to steer.invalid:50051 in the clear: write https",
    );
    expect(warned).not.toContain(KEY);
    expect(await said("http://steer.invalid:50051")).not.toContain("in the clear");
    expect(await said("localhost:1")).not.toContain("in the clear");
  });
});
