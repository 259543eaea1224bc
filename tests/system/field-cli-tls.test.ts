// field:X18 What the command line says of a server that it cannot reach by TLS, or without it.
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import tls from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Certificates, makeCertificates } from "../support/certificates.ts";
import { runSteer } from "../support/run-steer.ts";
import { selfSigned } from "../support/self-signed.ts";
import { type ServiceProcess, startService } from "../support/service.ts";

const ends: (() => unknown)[] = [];
let folder: string;
let certificates: Certificates;
let secure: ServiceProcess;
let mutual: ServiceProcess;
let plain: ServiceProcess;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "steer-cli-tls-"));
  certificates = makeCertificates("billing.example");
  const { serverCert, serverKey, ca } = certificates;
  const files = `cert_file: ${serverCert}, key_file: ${serverKey}`;
  [secure, mutual, plain] = await Promise.all([
    startService({ config: `grpc: {tls: {${files}}}` }),
    startService({
      config: `grpc: {tls: {${files}, client_ca_file: ${ca}}}\ncallers:\n  - {id: billing, role: caller, client_cert_san: billing.example}\n`,
    }),
    startService(),
  ]);
});

afterAll(async () => {
  for (const end of ends.reverse()) await end();
  await Promise.all([secure.stop(), mutual.stop(), plain.stop()]);
  certificates[Symbol.dispose]();
  rmSync(folder, { recursive: true });
});

const https = ({ grpc }: ServiceProcess): string => `https://${grpc}`;

function steer(address: string, ...args: readonly string[]) {
  return runSteer(args, { env: { STEER_ADDRESS: address } });
}

/** One line, the exit status of UNAVAILABLE, and no advice to start what runs. */
async function trouble(address: string, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await steer(address, "models", ...args);
  expect([code, stdout]).toEqual([24, ""]);
  expect(stderr).toMatch(/^steer: [^\n]+\n$/);
  return stderr.slice("steer: ".length, -1);
}

/** A TLS server that is none of gRPC: the certificate is looked at before. */
async function serveTls(options: tls.TlsOptions): Promise<string> {
  const sockets = new Set<Socket>();
  const server = tls.createServer({ ALPNProtocols: ["h2"], ...options }, (socket) => {
    sockets.add(socket.on("error", () => {}));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ends.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("field:X18 a server whose certificate is not trusted", () => {
  it("is told as that: an authority that nobody knows here", async () => {
    const said = await trouble(https(secure));
    expect(said).toBe(
      `the certificate of ${https(secure)} is signed by an authority that is not trusted here: give its certificate by --ca FILE`,
    );
    const { ca } = certificates;
    expect(await steer(https(secure), "models", "--ca", ca)).toMatchObject({ code: 0, stderr: "" });
    expect(await steer(https(secure), "generate", `--ca=${ca}`, "Hi")).toMatchObject({ code: 0 });
    expect((await steer(https(secure), "health", "--ca", ca)).stdout).toBe("SERVING\n");
    const other = selfSigned(folder, "other");
    expect(await trouble(https(secure), "--ca", other.file)).toBe(said);
  });

  it("is told as that: one that signs itself", async () => {
    const own = selfSigned(folder, "self");
    const address = await serveTls(own);
    expect(await trouble(address)).toBe(
      `the certificate of ${address} is signed by itself: if it is the right one, give it by --ca FILE`,
    );
  });

  it("is told as that: one that has expired, and one that is not valid yet", async () => {
    const expired = selfSigned(folder, "expired", "200101", "200201");
    const old = await serveTls(expired);
    expect(await trouble(old, "--ca", expired.file)).toBe(
      `the certificate of ${old} has expired: the server needs a new one`,
    );
    const early = selfSigned(folder, "early", "400101", "400201");
    const address = await serveTls(early);
    expect(await trouble(address, "--ca", early.file)).toContain(
      "is not valid yet: look at the clocks",
    );
  });

  it("is told as that: one for another name", async () => {
    const { serverCert, serverKey, clientCert, clientKey, ca, read } = certificates;
    const address = await serveTls({ cert: read(clientCert), key: read(clientKey) });
    expect(await trouble(address, "--ca", ca)).toBe(
      `the certificate of ${address} is for other names, DNS:billing.example: call it by one of them`,
    );
    const right = await serveTls({ cert: read(serverCert), key: read(serverKey) });
    expect(await trouble(right.replace("127.0.0.1", "[::ffff:127.0.0.1]"), "--ca", ca)).toContain(
      "is for other names",
    );
  });
});

describe("field:X18 TLS at one end only", () => {
  it("is told as that: plain text to a port with TLS", async () => {
    for (const { grpc } of [secure, mutual]) {
      expect(await trouble(grpc)).toBe(`${grpc} speaks TLS: set STEER_ADDRESS=https://${grpc}`);
    }
  });

  it("is told as that: TLS to a port without it", async () => {
    expect(await trouble(https(plain))).toBe(
      `${https(plain)} does not speak TLS: leave https:// out of STEER_ADDRESS`,
    );
  });

  it("is not told of a port where nothing listens, or of a name that nobody has", async () => {
    for (const address of ["https://127.0.0.1:1", "127.0.0.1:1", "http://[::1]:1"]) {
      expect(await trouble(address)).toContain(`nothing answers at ${address}: start the service`);
    }
    const port = await new Promise<number>((resolve) => {
      const server = createServer((socket) => socket.destroy());
      server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
      ends.push(() => server.close());
    });
    expect(await trouble(`https://127.0.0.1:${port}`)).toContain("nothing answers");
  });
});

describe("field:X18 a server that asks for a client certificate", () => {
  it("is told as that, and gets the one that is given", async () => {
    const { ca, clientCert, clientKey } = certificates;
    expect(await trouble(https(mutual), "--ca", ca)).toBe(
      `${https(mutual)} asks for a client certificate: give it by --cert FILE and --key FILE`,
    );
    const own = ["--ca", ca, "--cert", clientCert, "--key", clientKey];
    expect(await steer(https(mutual), "generate", ...own, "Hi")).toMatchObject({ code: 0 });
    const stranger = selfSigned(folder, "stranger");
    const files = ["--cert", stranger.file, "--key", join(folder, "stranger.key")];
    expect(await trouble(https(mutual), "--ca", ca, ...files)).toContain(
      "does not accept the client certificate of --cert",
    );
  });
});

describe("the files of a connection", () => {
  it.each([
    ["one that is not there", ["--ca", "/nowhere.pem"], "--ca: /nowhere.pem cannot be read"],
    ["one that is none", ["--ca", import.meta.filename], "is not a certificate in PEM"],
    ["none", ["--ca"], "--ca takes a file"],
    ["an empty name", ["--ca="], "--ca takes a file"],
    [
      "a certificate without its key",
      ["--cert", import.meta.filename],
      "--cert and --key belong together",
    ],
  ])("are a wrong command line: %s", async (_, args, message) => {
    const { code, stderr } = await steer("https://127.0.0.1:1", "models", ...args);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
    expect(stderr).not.toContain("    at ");
  });

  it("are a wrong command line: for an address without TLS", async () => {
    const { code, stderr } = await steer(plain.grpc, "models", "--ca", certificates.ca);
    expect(code).toBe(2);
    expect(stderr).toContain("--ca is for TLS");
  });

  it("leave alone what stands behind --", async () => {
    const { stdout } = await steer(plain.grpc, "generate", "--", "--ca", "x");
    const same = await steer(plain.grpc, "generate", "--", "--ca x");
    expect(stdout).toBe(same.stdout);
  });
});
