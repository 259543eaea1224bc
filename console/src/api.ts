// Typed clients of the service. The console has no API of its own.
import { createClient, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { ActivityService } from "@steer-gateway/stubs/steer/admin/v1/activity_service_pb.js";
import { AdminService } from "@steer-gateway/stubs/steer/admin/v1/admin_service_pb.js";
import { CallerService } from "@steer-gateway/stubs/steer/admin/v1/callers_pb.js";
import { UsageService } from "@steer-gateway/stubs/steer/admin/v1/usage_service_pb.js";
import { GenerationService } from "@steer-gateway/stubs/steer/v1/generation_service_pb.js";
import { ModelService } from "@steer-gateway/stubs/steer/v1/model_service_pb.js";
import { noteVersion } from "./service-version.ts";
import { readKey, serviceUrl } from "./session.ts";

const withKey: Interceptor = (next) => (call) => {
  const key = readKey();
  if (key !== undefined) call.header.set("authorization", `Bearer ${key}`);
  return next(call);
};

const withVersion: Interceptor = (next) => async (call) => {
  const answer = await next(call);
  noteVersion(answer.header.get("x-steer-version"));
  return answer;
};

const transport = createConnectTransport({
  baseUrl: serviceUrl(),
  useBinaryFormat: true,
  interceptors: [withKey, withVersion],
  // Neither cookies nor credentials of the browser are ever sent.
  fetch: (input, init) => fetch(input, { ...init, credentials: "omit" }),
});

export const activity = createClient(ActivityService, transport);
export const admin = createClient(AdminService, transport);
export const callers = createClient(CallerService, transport);
export const usage = createClient(UsageService, transport);
export const generations = createClient(GenerationService, transport);
export const models = createClient(ModelService, transport);
