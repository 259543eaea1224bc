import http2, { type OutgoingHttpHeaders } from "node:http2";
import { create, type DescMessage, toJsonString } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AdminService } from "../../gen/es/steer/admin/v1/admin_service_pb.js";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { rawCall, statusOf } from "../support/raw-grpc.ts";
import { exchangeBytes, requestRaw } from "../support/raw-http.ts";
import { type ServiceProcess, startService } from "../support/service.ts";

// Without callers this machine is the operator: a call is this machine's only if its connection, its
// name and its way say so. Answers of the HTTP port and statuses of gRPC are compared as codes.

const { listStreamStates, cleanupStreamStates } = AdminService.method;
const { generate } = GenerationService.method;
const SPEC = { model: "simulator", prompt: "hi" };

const OK = 0;
const PERMISSION_DENIED = 7;
const UNAUTHENTICATED = 16;
const CODES: Readonly<Record<string, number>> = {
  permission_denied: PERMISSION_DENIED,
  unauthenticated: UNAUTHENTICATED,
};

type Method = typeof listStreamStates | typeof cleanupStreamStates | typeof generate;

function bodyOf(method: Method): Record<string, unknown> {
  if (method === generate) return { spec: SPEC };
  return method === cleanupStreamStates ? { dryRun: true, olderThan: { seconds: 3600n } } : {};
}

/** The code of a call over each port; `PORT` in a header is the port called. */
function callers(service: () => ServiceProcess) {
  const portOf = (address: string): string => String(address.split(":").at(-1));
  function fill(headers: OutgoingHttpHeaders, port: string): OutgoingHttpHeaders {
    return Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [
        name,
        String(value).replaceAll("PORT", port),
      ]),
    );
  }
  return {
    async connect(method: Method, headers: OutgoingHttpHeaders): Promise<number> {
      const { http } = service();
      const own = { "content-type": "application/json", ...fill(headers, portOf(http)) };
      const input: DescMessage = method.input;
      const answer = await requestRaw(`${http}/${method.parent.typeName}/${method.name}`, {
        headers: own as Record<string, string>,
        body: toJsonString(input, create(input, bodyOf(method))),
      });
      if (answer.status === 200) return OK;
      const { code } = JSON.parse(answer.body) as { code: string };
      return CODES[code] ?? -1;
    },
    async grpc(method: Method, { host, ...headers }: OutgoingHttpHeaders): Promise<number> {
      const { grpc } = service();
      const session = http2.connect(`http://${grpc}`);
      try {
        const authority = host === undefined ? {} : { ":authority": String(host) };
        const own = fill({ ...headers, ...authority }, portOf(grpc));
        const answer = await rawCall(session, method, bodyOf(method), own);
        return Number(statusOf(answer));
      } finally {
        session.destroy();
      }
    },
  };
}

const PORTS = ["connect", "grpc"] as const;
const ALL = [listStreamStates, cleanupStreamStates, generate] as const;

/** What proxies say of the call that they hand on. */
const PROXIED = [
  { "x-forwarded-for": "203.0.113.9" },
  { "x-forwarded-proto": "https" },
  { "x-forwarded-host": "steer.example" },
  { "x-forwarded-client-cert": "By=spiffe://a" },
  { "x-forwarded-anything": "1" },
  { forwarded: "for=203.0.113.9" },
  { via: "1.1 edge" },
];

describe("the default start", () => {
  let service: ServiceProcess;
  const call = callers(() => service);

  beforeAll(async () => {
    service = await startService({ config: "http: {hosts: [Steer.Local, '[fd00::1]']}\n" });
  });
  afterAll(() => service.stop());

  describe.each(PORTS)("over %s", (port) => {
    // What clients send by default, and what a developer types. C++ and what wraps it, and Go, write the
    // target; `:PORT` is Go's `localhost:PORT`; Unix sockets are `localhost`.
    it.each([
      "localhost:PORT",
      "localhost",
      "LOCALHOST:PORT",
      "localhost.:PORT",
      "steer.localhost:PORT",
      "127.0.0.1:PORT",
      "127.0.0.1",
      "127.1.2.3:PORT",
      "[::1]:PORT",
      "[::1]",
      "[0:0:0:0:0:0:0:1]:PORT",
      "[::ffff:127.0.0.1]:PORT",
      // Another port: a tunnel, `kubectl port-forward`, a container's published port.
      "localhost:9999",
      // Of `http.hosts`.
      "steer.local:PORT",
      "STEER.LOCAL.",
      "[fd00::1]:PORT",
    ])("field:X9: serves the name %s", async (host) => {
      for (const method of ALL) expect(await call[port](method, { host })).toBe(OK);
    });

    it.each([
      "evil.example:PORT",
      "evil.example",
      "localhost.evil.example:PORT",
      "127.0.0.1.evil.example:PORT",
      "evil-localhost:PORT",
      "notlocalhost",
      "[::2]:PORT",
      "[::ffff:10.0.0.1]:PORT",
      "10.0.0.1:PORT",
      "128.0.0.1:PORT",
      "0.0.0.0:PORT",
      "[::]:PORT",
      "steer.local.evil.example",
      "sub.steer.local",
      "localhost,evil.example",
    ])("field:X9, field:X10: refuses the name %s", async (host) => {
      for (const method of ALL) {
        expect(await call[port](method, { host })).toBe(PERMISSION_DENIED);
        const origin = `http://${host}`;
        expect(await call[port](method, { host, origin })).toBe(PERMISSION_DENIED);
      }
    });

    it.each(PROXIED)("field:X8: a call by a proxy is not local: %j", async (headers) => {
      for (const method of ALL) {
        expect(await call[port](method, { host: "localhost", ...headers })).toBe(UNAUTHENTICATED);
      }
    });

    it.each([
      "http://evil.example",
      "http://localhost.evil.example:PORT",
      "http://localhost:3000",
      "https://localhost:3000",
      "null",
      "",
      "chrome-extension://abcdef",
      "http://localhost:PORT, http://evil.example",
    ])("field:X10: refuses a page of %s", async (origin) => {
      for (const method of ALL) {
        const headers = { host: "localhost:PORT", origin };
        expect(await call[port](method, headers)).toBe(PERMISSION_DENIED);
      }
    });

    it("field:X10: serves a page of its own name", async () => {
      const headers = { host: "localhost:PORT", origin: "http://localhost:PORT" };
      expect(await call[port](generate, headers)).toBe(OK);
    });
  });

  // Targets of Python and C++ with several addresses, and those of Unix sockets before a relay.
  it.each(["127.0.0.1:PORT,127.0.0.2:PORT", "[::1]:PORT,127.0.0.1:PORT", "tmp%2Fsteer.sock"])(
    "field:X9: serves the authority of a C core client: %s",
    async (host) => {
      for (const method of ALL) expect(await call.grpc(method, { host })).toBe(OK);
    },
  );

  it.each([
    "a:b:c",
    "localhost@evil.example",
    "localhost:1:1",
    "localhost:99999",
    "[::1",
    "[]",
    "a b",
    "a<b",
    "%zz",
    "",
    "?",
    "/",
    undefined,
  ])("field:X9: a Host that is none is refused and ends nothing: %j", async (host) => {
    const { port } = new URL(service.http);
    const body = JSON.stringify({ spec: SPEC });
    const answer = await exchangeBytes(
      Number(port),
      `POST /${generate.parent.typeName}/${generate.name} HTTP/1.${host === undefined ? 0 : 1}\r\n` +
        (host === undefined ? "" : `host: ${host}\r\n`) +
        "content-type: application/json\r\nconnection: close\r\n" +
        `content-length: ${body.length}\r\n\r\n${body}`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 40[03] .*"code":"(?:invalid_argument|permission_denied)"/s);
    expect(await call.connect(generate, {})).toBe(OK);
  });

  it("answers probes under any name and by any way", async () => {
    const headers = {
      host: "evil.example",
      origin: "http://evil.example",
      "x-forwarded-for": "203.0.113.9",
    };
    for (const path of ["/livez", "/readyz"]) {
      const { status } = await requestRaw(service.http + path, { method: "GET", headers });
      expect(status).toBe(200);
    }
    const session = http2.connect(`http://${service.grpc}`);
    const stream = session.request({
      ":method": "POST",
      ":path": "/grpc.health.v1.Health/Check",
      ":authority": "evil.example",
      "content-type": "application/grpc",
      "x-forwarded-for": "203.0.113.9",
      te: "trailers",
    });
    stream.end(Buffer.alloc(5)).resume();
    const trailers = await new Promise<http2.IncomingHttpHeaders>((resolve) =>
      stream.once("trailers", resolve),
    );
    session.destroy();
    expect(trailers["grpc-status"]).toBe("0");
  });
});

describe("allow_unauthenticated without callers", () => {
  let service: ServiceProcess;
  const call = callers(() => service);

  beforeAll(async () => {
    service = await startService({ env: { STEER_ALLOW_UNAUTHENTICATED: "true" } });
  });
  afterAll(() => service.stop());

  it.each(PORTS)("field:X8: makes nobody an operator over %s, proxy or none", async (port) => {
    for (const headers of [{}, ...PROXIED]) {
      for (const host of ["127.0.0.1:PORT", "steer.example"]) {
        expect(await call[port](cleanupStreamStates, { host, ...headers })).toBe(PERMISSION_DENIED);
        expect(await call[port](generate, { host, ...headers })).toBe(OK);
      }
    }
  });
});

describe("origins of browsers where nobody is local", () => {
  let service: ServiceProcess;
  const call = callers(() => service);

  beforeAll(async () => {
    service = await startService({
      env: {
        STEER_ALLOW_UNAUTHENTICATED: "true",
        STEER_HTTP_CORS_ORIGINS: '["https://app.example"]',
      },
    });
  });
  afterAll(() => service.stop());

  it.each([
    ["of cors_origins", { host: "steer.example", origin: "https://app.example" }, OK],
    ["of its own name behind TLS", { host: "steer.example", origin: "https://steer.example" }, OK],
    ["with the scheme's port", { host: "steer.example:443", origin: "https://steer.example" }, OK],
    ["in capitals", { host: "Steer.Example", origin: "https://steer.example" }, OK],
    ["of elsewhere", { host: "steer.example", origin: "https://evil.example" }, PERMISSION_DENIED],
    [
      "of another port",
      { host: "steer.example", origin: "https://steer.example:8443" },
      PERMISSION_DENIED,
    ],
    ["of a file", { host: "steer.example", origin: "null" }, PERMISSION_DENIED],
    [
      "of a longer name",
      { host: "steer.example", origin: "https://app.example.evil" },
      PERMISSION_DENIED,
    ],
  ])("field:X10: a page %s", async (_name, headers, code) => {
    for (const port of PORTS) expect(await call[port](generate, headers)).toBe(code);
  });
});
