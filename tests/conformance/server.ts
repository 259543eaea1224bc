// The program that the suite starts: `server.ts grpc|http IMAGE HEADERS`. It reads a
// ServerCompatRequest, starts that listener of Steer with the suite's service behind Steer's
// dispatcher, and writes where it listens.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import { systemClock } from "../../src/clock.ts";
import { readTls, type TlsFiles } from "../../src/config/tls-files.ts";
import { PushIterable } from "../../src/domain/push-iterable.ts";
import { type Dispatcher, RpcStatusError } from "../../src/rpc/call.ts";
import { createDispatcher } from "../../src/rpc/dispatcher.ts";
import { createGrpcListener } from "../../src/rpc/grpc-listener.ts";
import { createHttpListener } from "../../src/rpc/http-listener.ts";
import { callsOf } from "../support/calls.ts";
import {
  type ConformanceProtos,
  createConformanceService,
  readProtos,
  WantedFailure,
} from "./conformance-service.ts";

/** The suite sends no more; its services carry no conversation. */
const REQUEST_BYTES = 64 * 1024;
const ADDRESS = { host: "127.0.0.1", port: 0 };

interface CompatRequest {
  readonly useTls: boolean;
  readonly clientTlsCert: Uint8Array;
  readonly serverCreds?: { readonly cert: Uint8Array; readonly key: Uint8Array };
}

/** Steer's dispatcher, whose errors are the suite's where a case asks for one. */
function createSuiteDispatcher(protos: ConformanceProtos, headers: readonly string[]): Dispatcher {
  const dispatcher = createDispatcher({
    services: [createConformanceService(protos, headers, systemClock)],
    calls: callsOf("conformance"),
    clock: systemClock,
    requestBytes: REQUEST_BYTES,
  });
  const wanted = (error: unknown): unknown => {
    const cause = error instanceof RpcStatusError ? error.cause : undefined;
    return cause instanceof WantedFailure ? new RpcStatusError(cause.status, cause) : error;
  };
  return Object.assign(Object.create(dispatcher) as Dispatcher, {
    async unary(...call: Parameters<Dispatcher["unary"]>) {
      try {
        return await dispatcher.unary(...call);
      } catch (error) {
        throw wanted(error);
      }
    },
    serverStream(...call: Parameters<Dispatcher["serverStream"]>) {
      const messages = dispatcher.serverStream(...call);
      return new PushIterable<Message | Uint8Array>((take) =>
        messages.pushTo(take).catch((error: unknown) => {
          throw wanted(error);
        }),
      );
    },
  });
}

/** The listeners read TLS from files. */
function writeTls({ serverCreds, clientTlsCert }: CompatRequest): TlsFiles {
  const folder = mkdtempSync(join(tmpdir(), "steer-conformance-"));
  process.once("exit", () => rmSync(folder, { recursive: true }));
  const write = (name: string, bytes: Uint8Array = new Uint8Array()): string => {
    const file = join(folder, name);
    writeFileSync(file, bytes, { mode: 0o600 });
    return file;
  };
  const certFile = write("server.crt", serverCreds?.cert);
  const keyFile = write("server.key", serverCreds?.key);
  if (clientTlsCert.length === 0) return { certFile, keyFile };
  return { certFile, keyFile, clientCaFile: write("client.crt", clientTlsCert) };
}

/** Both directions: four bytes with the length, then the message. */
function readSized(): Buffer {
  const input = readFileSync(0);
  return input.subarray(4, 4 + input.readUInt32BE(0));
}

function writeSized(bytes: Uint8Array): void {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  process.stdout.write(Buffer.concat([length, bytes]));
}

async function main(kind: string, imageFile: string, headers: readonly string[]): Promise<void> {
  const image = readFileSync(imageFile);
  const protos = readProtos(image);
  const schema = (name: string) => {
    const found = protos.registry.getMessage(`connectrpc.conformance.v1.${name}`);
    if (found === undefined) throw new Error(`the image has no ${name}`);
    return found;
  };
  const request = fromBinary(schema("ServerCompatRequest"), readSized()) as Message & CompatRequest;
  const tls = request.useTls ? readTls(writeTls(request)) : undefined;
  const common = {
    address: ADDRESS,
    tls,
    dispatcher: createSuiteDispatcher(protos, headers),
    clock: systemClock,
    requestBytes: REQUEST_BYTES,
  };
  const listener =
    kind === "grpc"
      ? await createGrpcListener({ ...common, image, ageLimit: undefined })
      : await createHttpListener({ ...common, corsOrigins: [], storeTrouble: () => undefined });
  process.once("SIGTERM", () => void listener.close().then(() => process.exit(0)));
  const { host, port } = listener.address;
  const pemCert = request.serverCreds?.cert ?? new Uint8Array();
  const response = schema("ServerCompatResponse");
  writeSized(
    toBinary(response, create(response, { host, port, ...(request.useTls && { pemCert }) })),
  );
}

const [kind = "", image = "", headers = ""] = process.argv.slice(2);
await main(kind, image, headers.split(","));
