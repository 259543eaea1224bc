import { toJson } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import {
  AdminService,
  GetProviderStatusResponseSchema,
  type ProviderStatus,
} from "../../gen/service/steer/admin/v1/admin_service_pb.ts";
import { parseArguments } from "./arguments.ts";
import type { Command } from "./command.ts";
import { JSON_FLAG } from "./flags.ts";
import { table } from "./result-lines.ts";

const HEAD = ["provider", "available", "in flight", "requests", "failures", "reason", "last error"];

/** Error of the last call; empty if a call has succeeded since. */
function unansweredError(provider: ProviderStatus): string {
  const { lastErrorMessage, lastFailureTime, lastSuccessTime } = provider;
  if (lastFailureTime === undefined) return "";
  const isOver =
    lastSuccessTime !== undefined && timestampMs(lastSuccessTime) > timestampMs(lastFailureTime);
  return isOver ? "" : lastErrorMessage;
}

export const status: Command = {
  summary: "show the state of the providers (role operator)",
  usage: ["steer status [--json] [PROVIDER…]"],
  about: "",
  flags: { "": JSON_FLAG },
  async run(args, { client, stdout, signal }) {
    const { values, positionals: providers } = parseArguments(args, JSON_FLAG);
    const method = AdminService.method.getProviderStatus;
    const response = await client.unary(method, { providers }, { signal });
    if (values.json) {
      stdout.write(`${JSON.stringify(toJson(GetProviderStatusResponseSchema, response))}\n`);
      return;
    }
    const rows = Object.entries(response.providers).map(([id, provider]) => [
      id,
      provider.available ? "yes" : "no",
      String(provider.inFlight),
      String(provider.totalRequests),
      String(provider.totalFailures),
      provider.message,
      unansweredError(provider),
    ]);
    stdout.write(`${table([HEAD, ...rows], stdout.isTTY)}\n`);
    const { store } = response;
    if (store !== undefined && !store.available) {
      const code = store.code === "" ? "" : ` (${store.code})`;
      stdout.write(`streams are not stored: ${store.type} is away, ${store.cause}${code}\n`);
    }
  },
};
