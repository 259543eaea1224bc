import {
  create,
  createFileRegistry,
  type DescFile,
  fromBinary,
  type MessageInitShape,
  toBinary,
} from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import grpc from "@grpc/grpc-js";
import {
  type ServerReflectionRequest,
  ServerReflectionRequestSchema,
  type ServerReflectionResponse,
  ServerReflectionResponseSchema,
} from "../../gen/service/grpc/reflection/v1/reflection_pb.ts";

/** Both versions have the same messages under other names. */
const VERSIONS = [
  "grpc.reflection.v1.ServerReflection",
  "grpc.reflection.v1alpha.ServerReflection",
];

type Answer = NonNullable<
  MessageInitShape<typeof ServerReflectionResponseSchema>["messageResponse"]
>;

function failure(code: number, message: string): Answer {
  return { case: "errorResponse", value: { errorCode: code, errorMessage: message } };
}

/**
 * Server reflection over a descriptor set with the original files and their
 * imports. `@grpc/reflection` merges files by package and loses imports, and
 * then `buf curl` finds no service.
 */
export function addReflection(
  server: grpc.Server,
  image: Uint8Array,
  services: readonly string[],
): void {
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, image));
  const listed = [...services, ...VERSIONS].sort().map((name) => ({ name }));

  /** A file and everything it imports, each once. */
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
    const whole = registry.get(symbol);
    if (whole !== undefined) return whole.file;
    // A method, field or enum value: its parent is what the registry knows.
    const dot = symbol.lastIndexOf(".");
    return dot < 0 ? undefined : registry.get(symbol.slice(0, dot))?.file;
  }

  function files(file: DescFile | undefined, what: string): Answer {
    if (file === undefined) return failure(grpc.status.NOT_FOUND, `no ${what}`);
    return {
      case: "fileDescriptorResponse",
      value: { fileDescriptorProto: closure(file) },
    };
  }

  function answer({ messageRequest }: ServerReflectionRequest): Answer {
    switch (messageRequest.case) {
      case "listServices":
        return { case: "listServicesResponse", value: { service: listed } };
      case "fileByFilename":
        return files(registry.getFile(messageRequest.value), "file of this name");
      case "fileContainingSymbol":
        return files(fileOfSymbol(messageRequest.value), "symbol of this name");
      case "fileContainingExtension": {
        const { containingType, extensionNumber } = messageRequest.value;
        const type = registry.getMessage(containingType);
        const extension =
          type === undefined ? undefined : registry.getExtensionFor(type, extensionNumber);
        return files(extension?.file, "extension of this number");
      }
      case "allExtensionNumbersOfType":
        return {
          case: "allExtensionNumbersResponse",
          value: { baseTypeName: messageRequest.value, extensionNumber: [] },
        };
      case undefined:
        return failure(grpc.status.INVALID_ARGUMENT, "the request asks for nothing");
    }
  }

  const info: grpc.handleBidiStreamingCall<ServerReflectionRequest, ServerReflectionResponse> = (
    call,
  ) => {
    call.on("data", (request: ServerReflectionRequest) => {
      const response = create(ServerReflectionResponseSchema, {
        validHost: request.host,
        originalRequest: request,
        messageResponse: answer(request),
      });
      call.write(response);
    });
    call.on("end", () => call.end());
    call.on("error", () => call.end());
  };

  for (const name of VERSIONS) {
    server.addService(
      {
        serverReflectionInfo: {
          path: `/${name}/ServerReflectionInfo`,
          requestStream: true,
          responseStream: true,
          requestSerialize: () => Buffer.alloc(0),
          requestDeserialize: (bytes: Buffer) => fromBinary(ServerReflectionRequestSchema, bytes),
          responseSerialize: (message: ServerReflectionResponse) =>
            Buffer.from(toBinary(ServerReflectionResponseSchema, message)),
          responseDeserialize: () => undefined,
        },
      },
      { serverReflectionInfo: info },
    );
  }
}
