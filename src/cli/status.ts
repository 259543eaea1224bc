import { toJson } from "@bufbuild/protobuf";
import {
  AdminService,
  GetProviderStatusResponseSchema,
} from "../../gen/service/steer/admin/v1/admin_service_pb.ts";
import type { Command } from "./command.ts";
import { table } from "./output.ts";
import { UsageError } from "./usage-error.ts";

export const status: Command = {
  summary: "show the state of the providers (role operator)",
  help: "usage: steer status [--json] [PROVIDER…]",
  async run(args, { client, stdout, signal }) {
    const asJson = args.includes("--json");
    const providers = args.filter((arg) => arg !== "--json");
    const unknown = providers.find((arg) => arg.startsWith("-"));
    if (unknown !== undefined) throw new UsageError(`unknown option ${unknown}`);
    const method = AdminService.method.getProviderStatus;
    const response = await client.unary(method, { providers }, { signal });
    if (asJson) {
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
    ]);
    const head = ["provider", "available", "in flight", "requests", "failures", "reason"];
    stdout.write(`${table([head, ...rows], stdout.isTTY)}\n`);
    const { store } = response;
    if (store !== undefined && !store.available) {
      const code = store.code === "" ? "" : ` (${store.code})`;
      stdout.write(`streams are not stored: ${store.type} is away, ${store.cause}${code}\n`);
    }
  },
};
