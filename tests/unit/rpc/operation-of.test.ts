import { expect, it } from "vitest";
import { AdminService } from "../../../gen/service/steer/admin/v1/admin_service_pb.ts";
import { UsageService } from "../../../gen/service/steer/admin/v1/usage_service_pb.ts";
import { GenerationService } from "../../../gen/service/steer/v1/generation_service_pb.ts";
import { ModelService } from "../../../gen/service/steer/v1/model_service_pb.ts";
import { operationOf } from "../../../src/rpc/operation-of.ts";

it("all methods of the admin service are for operators, and those of the others for callers: usage too", () => {
  expect(new Set(AdminService.methods.map((method) => operationOf(method).audience))).toEqual(
    new Set(["operators"]),
  );
  const others = [...GenerationService.methods, ...ModelService.methods, ...UsageService.methods];
  expect(new Set(others.map((method) => operationOf(method).audience))).toEqual(
    new Set(["callers"]),
  );
});

it.each([
  [GenerationService.method.generate, "steer.v1.GenerationService/Generate", "unary"],
  [
    GenerationService.method.streamGenerate,
    "steer.v1.GenerationService/StreamGenerate",
    "server-stream",
  ],
] as const)("%s", (method, name, kind) => {
  expect(operationOf(method)).toEqual({ name, kind, audience: "callers" });
});
