import { toJson } from "@bufbuild/protobuf";
import {
  AdminScope,
  AdminService,
  CircuitState,
  ResetCircuitResponseSchema,
} from "../../gen/service/steer/admin/v1/admin_service_pb.ts";
import { onlyArgument, parseArguments } from "./arguments.ts";
import type { Command, CommandContext } from "./command.ts";
import { type FlagTable, JSON_FLAG } from "./flags.ts";
import { UsageError } from "./usage-error.ts";

function stateWord(state: CircuitState): string {
  const name = Object.entries(CircuitState).find(([, value]) => value === state)?.[0];
  return (name ?? String(state)).toLowerCase().replaceAll("_", "-");
}

const RESET = {
  model: { type: "string", default: "", value: "MODEL", help: "only the circuit of this model" },
  "this-replica": {
    type: "boolean",
    default: false,
    help: "only at the replica that answers",
  },
  ...JSON_FLAG,
} as const satisfies FlagTable;

async function reset(args: readonly string[], { client, stdout, signal }: CommandContext) {
  const { values, positionals } = parseArguments(args, RESET);
  const request = {
    provider: onlyArgument("PROVIDER", positionals),
    model: values.model,
    scope: values["this-replica"] ? AdminScope.REPLICA : AdminScope.CLUSTER,
  };
  const response = await client.unary(AdminService.method.resetCircuit, request, { signal });
  if (values.json) {
    stdout.write(`${JSON.stringify(toJson(ResetCircuitResponseSchema, response))}\n`);
    return;
  }
  stdout.write(`closed; it was ${stateWord(response.previousState)}\n`);
}

export const circuits: Command = {
  summary: "close a circuit at once (role operator)",
  usage: ["steer circuits reset [options] PROVIDER"],
  about: `Closes the circuits of a provider or of one model, at all replicas, if the provider works again
before its circuit closes. \`steer status\` shows which providers take no calls.`,
  flags: { reset: RESET },
  async run([action = "", ...args], context) {
    if (action === "reset") return reset(args, context);
    throw new UsageError(action === "" ? "one of reset" : `no "${action}": one of reset`);
  },
};
