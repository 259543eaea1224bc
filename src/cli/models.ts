import { toJson } from "@bufbuild/protobuf";
import {
  type Model,
  ModelCapability,
  ModelSchema,
  ModelService,
} from "../../gen/service/steer/v1/model_service_pb.ts";
import { parseArguments } from "./arguments.ts";
import type { Command } from "./command.ts";
import { type FlagTable, JSON_FLAG } from "./flags.ts";
import { table } from "./result-lines.ts";

const PAGE_SIZE = 500;
/** Converts trillionths per token into units per million tokens. */
const PICOS_PER_UNIT_PER_MILLION = 1e6;

function price(picos: bigint | undefined): string {
  return picos === undefined ? "-" : String(Number(picos) / PICOS_PER_UNIT_PER_MILLION);
}

function capabilityNames(model: Model): string {
  const names = Object.entries(ModelCapability);
  return model.capabilities
    .map((value) => names.find(([, each]) => each === value)?.[0].toLowerCase() ?? String(value))
    .join(",");
}

function row(model: Model): string[] {
  return [
    model.id,
    model.provider,
    model.available ? "yes" : "no",
    String(model.contextWindow || "-"),
    price(model.pricing?.inputPicos),
    price(model.pricing?.outputPicos),
    model.pricing?.currencyCode ?? "-",
    model.deprecated ? "deprecated" : "",
    capabilityNames(model),
  ];
}

const HEAD = [
  "model",
  "provider",
  "available",
  "context",
  "in/1M",
  "out/1M",
  "currency",
  "state",
  "capabilities",
];

const FLAGS = {
  provider: { type: "string", default: "", value: "ID", help: "only models of this instance" },
  available: {
    type: "boolean",
    default: false,
    help: "only models that can be called now",
  },
  ...JSON_FLAG,
} as const satisfies FlagTable;

export const models: Command = {
  summary: "list the models, or show one",
  usage: ["steer models [options] [MODEL]"],
  about: "Prices are per million tokens. Without a terminal the table is tab-separated.",
  flags: { "": FLAGS },
  async run(args, { client, stdout, signal }) {
    const { values, positionals } = parseArguments(args, FLAGS);
    const [name] = positionals;
    const found: Model[] = [];
    if (name !== undefined) {
      const method = ModelService.method.getModel;
      const { model } = await client.unary(method, { model: name }, { signal });
      if (model !== undefined) found.push(model);
    } else {
      for (let pageToken = "", more = true; more; more = pageToken !== "") {
        const page = await client.unary(
          ModelService.method.listModels,
          {
            pageSize: PAGE_SIZE,
            pageToken,
            provider: values.provider,
            availableOnly: values.available,
          },
          { signal },
        );
        found.push(...page.models);
        pageToken = page.nextPageToken;
      }
    }
    if (values.json) {
      for (const model of found) stdout.write(`${JSON.stringify(toJson(ModelSchema, model))}\n`);
      return;
    }
    stdout.write(`${table([HEAD, ...found.map(row)], stdout.isTTY)}\n`);
  },
};
