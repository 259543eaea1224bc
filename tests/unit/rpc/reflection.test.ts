import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import grpc from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type ServerReflectionRequest,
  ServerReflectionRequestSchema,
  type ServerReflectionResponse,
  ServerReflectionResponseSchema,
} from "../../../gen/service/grpc/reflection/v1/reflection_pb.ts";
import { startTimedService, type TimedService } from "../../support/timed-service.ts";

const CONTRACT = "steer/v1/generation_service.proto";

let service: TimedService;
let client: grpc.Client;

beforeAll(async () => {
  service = await startTimedService();
  client = new grpc.Client(service.grpc, grpc.credentials.createInsecure());
});

afterAll(async () => {
  client.close();
  await service.stopAtOnce();
});

type Question = NonNullable<
  MessageInitShape<typeof ServerReflectionRequestSchema>["messageRequest"]
>;

/** The answers to questions on one stream, in their order. */
function ask(
  messages: readonly Question[],
  version = "v1",
): Promise<readonly ServerReflectionResponse[]> {
  const call = client.makeBidiStreamRequest<ServerReflectionRequest, ServerReflectionResponse>(
    `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
    (request) => Buffer.from(toBinary(ServerReflectionRequestSchema, request)),
    (bytes) => fromBinary(ServerReflectionResponseSchema, bytes),
  );
  const answers: ServerReflectionResponse[] = [];
  for (const messageRequest of messages) {
    call.write(create(ServerReflectionRequestSchema, { host: "a.test", messageRequest }));
  }
  call.end();
  return new Promise((resolve, reject) => {
    call.on("data", (answer: ServerReflectionResponse) => answers.push(answer));
    call.on("end", () => resolve(answers));
    call.on("error", reject);
  });
}

async function answerTo(question: Question) {
  const [answer] = await ask([question]);
  return answer?.messageResponse;
}

/** Names of the files that an answer holds, in their order. */
async function filesOf(question: Question): Promise<readonly string[]> {
  const answer = await answerTo(question);
  if (answer?.case !== "fileDescriptorResponse") throw new Error(`an answer of ${answer?.case}`);
  const { fileDescriptorProto } = answer.value;
  const file = fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
  const names = file.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(file.flatMap(({ dependency }) => dependency)));
  return names;
}

describe("reflection", () => {
  it.each(["v1", "v1alpha"])("lists the services, sorted: %s", async (version) => {
    const [answer] = await ask([{ case: "listServices", value: "" }], version);
    expect(answer).toMatchObject({
      validHost: "a.test",
      originalRequest: { host: "a.test", messageRequest: { case: "listServices" } },
    });
    const listed = answer?.messageResponse;
    const services = listed?.case === "listServicesResponse" ? listed.value.service : [];
    expect(services.map(({ name }) => name)).toEqual([
      "grpc.health.v1.Health",
      "grpc.reflection.v1.ServerReflection",
      "grpc.reflection.v1alpha.ServerReflection",
      "steer.admin.v1.ActivityService",
      "steer.admin.v1.AdminService",
      "steer.admin.v1.CallerService",
      "steer.admin.v1.UsageService",
      "steer.v1.GenerationService",
      "steer.v1.ModelService",
    ]);
  });

  it("answers questions of one stream in their order", async () => {
    const names = [CONTRACT, "no/file", CONTRACT];
    const asked = names.map((value) => ({ case: "fileByFilename", value }) as const);
    const answers = await ask(asked);
    expect(answers.map(({ originalRequest }) => originalRequest?.messageRequest.value)).toEqual(
      names,
    );
    expect(answers[2]?.messageResponse).toEqual(answers[0]?.messageResponse);
  });

  it("has a file first, then everything that it imports, each once", async () => {
    const files = await filesOf({ case: "fileByFilename", value: CONTRACT });
    expect(files[0]).toBe(CONTRACT);
    expect(files.length).toBeGreaterThan(3);
    expect(new Set(files).size).toBe(files.length);
  });

  it.each([
    "steer.v1.GenerationService",
    "steer.v1.GenerationService.Generate",
    "steer.v1.GenerateRequest",
    "steer.v1.GenerateRequest.spec",
  ])("has the file of a symbol: %s", async (value) => {
    const files = await filesOf({ case: "fileContainingSymbol", value });
    expect(files[0]).toBe(CONTRACT);
  });

  it("has the file of an extension", async () => {
    const containingType = "google.protobuf.FieldOptions";
    const value = { containingType, extensionNumber: 1159 };
    const files = await filesOf({ case: "fileContainingExtension", value });
    expect(files[0]).toBe("buf/validate/validate.proto");
  });

  it.each<[Question, string]>([
    [{ case: "fileByFilename", value: "no/file.proto" }, "no file of this name"],
    [{ case: "fileContainingSymbol", value: "steer.v1.Nothing" }, "no symbol of this name"],
    [{ case: "fileContainingSymbol", value: "Nothing" }, "no symbol of this name"],
    [
      {
        case: "fileContainingExtension",
        value: { containingType: "google.protobuf.FieldOptions", extensionNumber: 1 },
      },
      "no extension of this number",
    ],
    [
      {
        case: "fileContainingExtension",
        value: { containingType: "steer.v1.Nothing", extensionNumber: 1159 },
      },
      "no extension of this number",
    ],
  ])("says what there is not: %j", async (question, errorMessage) => {
    expect(await answerTo(question)).toMatchObject({
      case: "errorResponse",
      value: { errorCode: grpc.status.NOT_FOUND, errorMessage },
    });
  });

  it("knows of no extensions of a message, and answers so", async () => {
    const value = "steer.v1.GenerateRequest";
    expect(await answerTo({ case: "allExtensionNumbersOfType", value })).toMatchObject({
      case: "allExtensionNumbersResponse",
      value: { baseTypeName: value, extensionNumber: [] },
    });
  });

  it("refuses a question without one, and goes on", async () => {
    const answers = await ask([{ case: undefined }, { case: "listServices", value: "" }]);
    expect(answers.map(({ messageResponse }) => messageResponse)).toMatchObject([
      {
        case: "errorResponse",
        value: {
          errorCode: grpc.status.INVALID_ARGUMENT,
          errorMessage: "the request asks for nothing",
        },
      },
      { case: "listServicesResponse" },
    ]);
  });

  it("serves any number of streams one after another", async () => {
    for (let stream = 0; stream < 300; stream++) {
      await ask([{ case: "listServices", value: "" }]);
    }
  });
});
