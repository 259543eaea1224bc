import {
  create,
  createFileRegistry,
  type DescFile,
  fromBinary,
  type MessageInitShape,
  toBinary,
} from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import {
  type ServerReflectionRequest,
  ServerReflectionRequestSchema,
  ServerReflectionResponseSchema,
} from "../../gen/service/grpc/reflection/v1/reflection_pb.ts";
import { Code } from "../domain/error-table.ts";
import { RpcStatusError } from "./call.ts";
import { decodeAs, type GrpcCall } from "./grpc-call.ts";
import type { GrpcMethod } from "./grpc-methods.ts";
import { SMALL_REQUEST_BYTES } from "./requests/request-limits.ts";

/** Both versions have the same messages under different names. */
const VERSIONS = [
  "grpc.reflection.v1.ServerReflection",
  "grpc.reflection.v1alpha.ServerReflection",
];

/** Most requests per stream. Clients ask for one symbol at a time; the largest contracts have some hundreds. */
const MAX_REQUESTS = 1_000;
/** Most streams; each can hold a request and an answer. */
const MAX_STREAMS = 100;

type Answer = NonNullable<
  MessageInitShape<typeof ServerReflectionResponseSchema>["messageResponse"]
>;

function failure(code: number, message: string): Answer {
  return { case: "errorResponse", value: { errorCode: code, errorMessage: message } };
}

function encodeAnswer(messageResponse: Answer): Uint8Array {
  return toBinary(
    ServerReflectionResponseSchema,
    create(ServerReflectionResponseSchema, { messageResponse }),
  );
}

type Registry = ReturnType<typeof createFileRegistry>;

/** Reads the image at the first use, because few services are ever asked, and its descriptors are large. */
function lazyRegistry(image: Uint8Array): () => Registry {
  let registry: Registry | undefined;
  return () => {
    registry ??= createFileRegistry(fromBinary(FileDescriptorSetSchema, image));
    return registry;
  };
}

/** The answer to a request, from fields of one message that were encoded separately. */
function respond(request: ServerReflectionRequest, answer: Uint8Array): Uint8Array {
  const about = create(ServerReflectionResponseSchema, {
    validHost: request.host,
    originalRequest: request,
  });
  return Buffer.concat([toBinary(ServerReflectionResponseSchema, about), answer]);
}

function tooMany(what: string): RpcStatusError {
  const message = `too many ${what}`;
  const status = { code: Code.RESOURCE_EXHAUSTED, message, details: [], trailers: {} };
  return new RpcStatusError(status, undefined);
}

/**
 * Server reflection over a descriptor set with the original files and their imports. `@grpc/reflection` merges
 * files by package and loses imports, so that `buf curl` finds no service.
 */
export function reflectionMethods(
  image: Uint8Array,
  services: readonly string[],
): [path: string, method: GrpcMethod][] {
  const registry = lazyRegistry(image);
  const service = [...services, ...VERSIONS].sort().map((name) => ({ name }));
  const list = encodeAnswer({ case: "listServicesResponse", value: { service } });

  const encodedFiles = new Map<DescFile, Uint8Array>();
  let streams = 0;

  /** A file and all its imports, each once. */
  function closure(file: DescFile): Uint8Array[] {
    const seen = new Set<DescFile>();
    const visit = (each: DescFile): void => {
      if (seen.has(each)) return;
      seen.add(each);
      each.dependencies.forEach(visit);
    };
    visit(file);
    return Array.from(seen, ({ proto }) => toBinary(FileDescriptorProtoSchema, proto));
  }

  function fileOfSymbol(symbol: string): DescFile | undefined {
    const whole = registry().get(symbol);
    if (whole !== undefined) return whole.file;
    // A method, field or enum value: the registry knows its parent.
    const dot = symbol.lastIndexOf(".");
    return dot < 0 ? undefined : registry().get(symbol.slice(0, dot))?.file;
  }

  /** The answer with a file, encoded once for all clients. */
  function files(file: DescFile | undefined, what: string): Uint8Array {
    if (file === undefined) return encodeAnswer(failure(Code.NOT_FOUND, `no ${what}`));
    let encoded = encodedFiles.get(file);
    if (encoded === undefined) {
      const value = { fileDescriptorProto: closure(file) };
      encoded = encodeAnswer({ case: "fileDescriptorResponse", value });
      encodedFiles.set(file, encoded);
    }
    return encoded;
  }

  function answer({ messageRequest }: ServerReflectionRequest): Uint8Array {
    switch (messageRequest.case) {
      case "listServices":
        return list;
      case "fileByFilename":
        return files(registry().getFile(messageRequest.value), "file of this name");
      case "fileContainingSymbol":
        return files(fileOfSymbol(messageRequest.value), "symbol of this name");
      case "fileContainingExtension": {
        const { containingType, extensionNumber } = messageRequest.value;
        const known = registry();
        const type = known.getMessage(containingType);
        const extension =
          type === undefined ? undefined : known.getExtensionFor(type, extensionNumber);
        return files(extension?.file, "extension of this number");
      }
      case "allExtensionNumbersOfType":
        return encodeAnswer({
          case: "allExtensionNumbersResponse",
          value: { baseTypeName: messageRequest.value, extensionNumber: [] },
        });
      case undefined:
        return encodeAnswer(failure(Code.INVALID_ARGUMENT, "the request asks for nothing"));
    }
  }

  async function answerAll(call: GrpcCall): Promise<void> {
    let requests = 0;
    await call.readEach(SMALL_REQUEST_BYTES, async (bytes) => {
      requests++;
      if (requests > MAX_REQUESTS) throw tooMany("requests on one stream of reflection");
      const request = decodeAs(ServerReflectionRequestSchema, bytes);
      // The next request is read when the client has received large answers.
      if (call.answer.add(respond(request, answer(request)))) return;
      await call.answer.drained(call.signal);
    });
    call.answer.succeed();
  }

  async function info(call: GrpcCall): Promise<void> {
    if (streams >= MAX_STREAMS) throw tooMany("streams of reflection");
    streams++;
    try {
      await answerAll(call);
    } finally {
      streams--;
    }
  }

  return VERSIONS.map((version) => [
    `/${version}/ServerReflectionInfo`,
    { kind: "open", serve: info },
  ]);
}
