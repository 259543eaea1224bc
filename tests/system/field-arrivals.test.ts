// What a client can make the service hold before its request is whole, with a key and without one.
import { createHash } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import https from "node:https";
import { text } from "node:stream/consumers";
import { create, toBinary } from "@bufbuild/protobuf";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { AdminService } from "../../gen/es/steer/admin/v1/admin_service_pb.js";
import {
  GenerateRequestSchema,
  GenerationService,
} from "../../gen/es/steer/v1/generation_service_pb.js";
import { ModelService } from "../../gen/es/steer/v1/model_service_pb.js";
import { type Certificates, makeCertificates } from "../support/certificates.ts";
import {
  openRequest,
  partOfMessage,
  roundTrips,
  type WatchedSession,
  watchSession,
} from "../support/open-request.ts";
import { eventually } from "../support/stack.ts";
import { startTimedService, type TimedService } from "../support/timed-service.ts";

const MIB = 1024 * 1024;
const PART = 60 * 1024;
const UNAUTHENTICATED = "16";
const DEADLINE_EXCEEDED = "4";
const RESOURCE_EXHAUSTED = "8";
const UNAVAILABLE = "14";
const OK = "0";
const GENERATE = `/${GenerationService.typeName}/Generate`;
const MINUTE = 60_000;

const sha256 = (key: string): string => createHash("sha256").update(key).digest("hex");
const bearer = (name: string) => ({ authorization: `Bearer key-of-${name}` });
const NAMES = ["a", "b", "c", "d", "e"];
const CALLERS = NAMES.map(
  (name) => `  - {id: ${name}, role: caller, key_sha256: ${sha256(`key-of-${name}`)}}`,
).join("\n");

/** Each method of the contract's services. */
const PATHS = [GenerationService, ModelService, AdminService].flatMap(({ typeName, methods }) =>
  methods.map(({ name }) => `/${typeName}/${name}`),
);
const OPEN_PATHS = [
  "/grpc.health.v1.Health/Check",
  "/grpc.health.v1.Health/Watch",
  "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
  "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];

/** A whole message of this size, or a little less. */
function message(bytes: number): Buffer {
  const prompt = "x".repeat(bytes - 100);
  const body = toBinary(
    GenerateRequestSchema,
    create(GenerateRequestSchema, { spec: { model: "simulator", prompt } }),
  );
  const head = Buffer.alloc(5);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}

let certificates: Certificates;
let service: TimedService;
const ends: (() => unknown)[] = [];

beforeAll(async () => {
  certificates = makeCertificates("client.example");
  service = await startTimedService(`
callers:
${CALLERS}
limits: {request_bytes: 64KiB} # because: a request of the shipped 32 MiB is long to send
http: {tls: {cert_file: ${certificates.serverCert}, key_file: ${certificates.serverKey}}}
`);
});

afterAll(async () => {
  await service.stopAtOnce();
  certificates[Symbol.dispose]();
});

afterEach(() => {
  for (const end of ends.splice(0)) end();
});

function connect(url: string): WatchedSession {
  const watched = watchSession(url, certificates.read(certificates.ca));
  ends.push(() => watched[Symbol.dispose]());
  return watched;
}

const overGrpc = (): WatchedSession => connect(`http://${service.grpc}`);
const overHttp = (): WatchedSession => connect(service.http);

describe("a client without a key", () => {
  it.each(PATHS)(
    "field:X1: is refused at the headers of %s, before its body is read",
    async (path) => {
      const { session } = overGrpc();
      const request = openRequest(session, path);
      request.send(partOfMessage(31 * MIB, MIB));
      const { grpcStatus, resetCode } = await request.ended;
      expect({ grpcStatus, resetCode }).toEqual({ grpcStatus: UNAUTHENTICATED, resetCode: 0 });
      expect(request.isTaken).toBe(false);
    },
  );

  it("field:X1: compressed as well", async () => {
    const { session } = overGrpc();
    const request = openRequest(session, GENERATE, { "grpc-encoding": "gzip" });
    request.send(partOfMessage(MIB, MIB, true));
    expect(await request.ended).toMatchObject({ grpcStatus: UNAUTHENTICATED });
    expect(request.isTaken).toBe(false);
  });

  it("field:X1: and over HTTP/2 at the HTTP port", async () => {
    const { session } = overHttp();
    const request = openRequest(session, GENERATE, { "content-type": "application/json" });
    request.send(Buffer.alloc(PART, 0x20));
    const { httpStatus, resetCode, body } = await request.ended;
    expect({ httpStatus, resetCode }).toEqual({ httpStatus: 401, resetCode: 0 });
    expect(JSON.parse(body)).toMatchObject({ code: "unauthenticated" });
  });

  it("field:X1: methods and types that are not served keep nothing either", async () => {
    const { session } = overGrpc();
    const unknown = openRequest(session, "/steer.v1.GenerationService/Nothing");
    const page = openRequest(session, GENERATE, { "content-type": "text/html" });
    for (const request of [unknown, page]) request.send(Buffer.alloc(MIB));
    expect(await unknown.ended).toMatchObject({ grpcStatus: "12", resetCode: 0 });
    expect(await page.ended).toMatchObject({ httpStatus: 415, resetCode: 0 });
  });

  it.each(OPEN_PATHS)("field:X1: %s takes no large message", async (path) => {
    const { session } = overGrpc();
    const request = openRequest(session, path);
    request.send(partOfMessage(31 * MIB, 1));
    expect(await request.ended).toMatchObject({ grpcStatus: RESOURCE_EXHAUSTED });
  });

  it.each(OPEN_PATHS)("field:X1: %s waits a minute for a message", async (path) => {
    const { session } = overGrpc();
    const request = openRequest(session, path);
    request.send(partOfMessage(PART, 1_000));
    await roundTrips(session, 2);
    await service.clock.advance(MINUTE);
    expect(await request.ended).toMatchObject({ grpcStatus: DEADLINE_EXCEEDED, resetCode: 0 });
  });
});

describe("a request that never ends", () => {
  it("field:X1: ends after a minute with a typed error over gRPC", async () => {
    const { session } = overGrpc();
    const request = openRequest(session, GENERATE, bearer("a"));
    request.send(partOfMessage(PART, 1_000));
    await roundTrips(session, 2);
    await service.clock.advance(MINUTE - 1);
    await roundTrips(session, 2);
    const late = openRequest(session, GENERATE, bearer("a"));
    late.send(message(1_000));
    late.end();
    expect(await late.ended).toMatchObject({ grpcStatus: OK });
    await service.clock.advance(1);
    expect(await request.ended).toMatchObject({ grpcStatus: DEADLINE_EXCEEDED, resetCode: 0 });
    expect(service.log.at(-1)).toMatchObject({ code: "DEADLINE_EXCEEDED", caller: "a" });
  });

  it("field:X1: and over HTTP/2 at the HTTP port", async () => {
    const { session } = overHttp();
    const headers = { "content-type": "application/json", ...bearer("a") };
    const request = openRequest(session, GENERATE, headers);
    request.send(Buffer.from('{"spec":'));
    await roundTrips(session, 4);
    await service.clock.advance(MINUTE);
    const { body, resetCode } = await request.ended;
    expect(JSON.parse(body)).toMatchObject({ code: "deadline_exceeded" });
    expect(resetCode).toBe(0);
    expect(service.log.at(-1)).toMatchObject({ code: "DEADLINE_EXCEEDED", caller: "a" });
  });
});

describe("requests on their way", () => {
  /** Sends a part of a message of the caller; resolves when the other end has it. */
  async function begin({ session }: WatchedSession, name: string) {
    const request = openRequest(session, GENERATE, bearer(name));
    const whole = message(PART);
    request.send(whole.subarray(0, -10));
    await roundTrips(session, 3);
    return {
      ended: request.ended,
      finish() {
        request.send(whole.subarray(-10));
        request.end();
        return request.ended;
      },
    };
  }

  it("field:X1: of one connection hold the bytes of two", async () => {
    const connection = overGrpc();
    const first = await begin(connection, "a");
    const second = await begin(connection, "a");
    const third = await begin(connection, "a");
    expect(await third.ended).toMatchObject({ grpcStatus: RESOURCE_EXHAUSTED });
    expect(await first.finish()).toMatchObject({ grpcStatus: OK });
    // What is whole, or was refused, counts no longer.
    const fourth = await begin(connection, "a");
    expect(await second.finish()).toMatchObject({ grpcStatus: OK });
    expect(await fourth.finish()).toMatchObject({ grpcStatus: OK });
  });

  it("field:X1: of one caller hold the bytes of four, and others go on", async () => {
    const held = [];
    for (let count = 0; count < 4; count++) held.push(await begin(overGrpc(), "a"));
    const fifth = await begin(overGrpc(), "a");
    expect(await fifth.ended).toMatchObject({ grpcStatus: RESOURCE_EXHAUSTED });
    const other = await begin(overGrpc(), "b");
    expect(await other.finish()).toMatchObject({ grpcStatus: OK });
    for (const request of held) expect(await request.finish()).toMatchObject({ grpcStatus: OK });
  });

  it("field:X1: of all callers hold the bytes of eight", async () => {
    const held = [];
    for (const name of ["a", "a", "b", "b", "c", "c", "d", "d"]) {
      held.push(await begin(overGrpc(), name));
    }
    const ninth = await begin(overGrpc(), "e");
    expect(await ninth.ended).toMatchObject({ grpcStatus: UNAVAILABLE });
    for (const request of held) expect(await request.finish()).toMatchObject({ grpcStatus: OK });
  });

  it("field:X1: count no more when their clients leave", async () => {
    for (let round = 0; round < 3; round++) {
      const connection = overGrpc();
      const requests = [await begin(connection, "a"), await begin(connection, "a")];
      connection[Symbol.dispose]();
      await Promise.all(requests.map(({ ended }) => ended));
    }
    const connection = overGrpc();
    await eventually(async () => {
      const request = await begin(connection, "a");
      return (await request.finish()).grpcStatus === OK;
    });
  });
});

it("field:X1: over HTTP/1.1 a request ends after a minute with a typed error", async () => {
  const { hostname, port } = new URL(service.http);
  const call = https.request({
    ca: certificates.read(certificates.ca),
    hostname,
    port,
    method: "POST",
    path: GENERATE,
    headers: { "content-type": "application/json", expect: "100-continue", ...bearer("a") },
  });
  call.on("error", () => {});
  ends.push(() => call.destroy());
  const answered = once(call, "response");
  call.flushHeaders();
  // The service has the headers.
  await once(call, "continue");
  call.write('{"spec":');
  await service.clock.advance(MINUTE);
  const [answer] = (await answered) as [IncomingMessage];
  expect(answer.statusCode).toBe(504);
  expect(JSON.parse(await text(answer))).toMatchObject({ code: "deadline_exceeded" });
});
