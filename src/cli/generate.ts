import { toJson } from "@bufbuild/protobuf";
import {
  GenerateResponseSchema,
  GenerationService,
} from "../../gen/service/steer/v1/generation_service_pb.ts";
import { parseArguments } from "./arguments.ts";
import type { Command } from "./command.ts";
import { PROMPT_HELP, REQUEST_OPTIONS, readRequest } from "./read-request.ts";
import { summaryLine, warningLines } from "./result-lines.ts";

export const generate: Command = {
  summary: "generate and print the whole answer",
  usage: ["steer generate [options] [prompt…]"],
  about: PROMPT_HELP,
  flags: { "": REQUEST_OPTIONS },
  async run(args, context) {
    const { values, positionals } = parseArguments(args, REQUEST_OPTIONS);
    const { spec, timeoutMs, asJson } = await readRequest(values, positionals, context);
    const response = await context.client.unary(
      GenerationService.method.generate,
      { spec },
      { timeoutMs, signal: context.signal },
    );
    if (asJson) {
      context.stdout.write(`${JSON.stringify(toJson(GenerateResponseSchema, response))}\n`);
      return;
    }
    const { generation } = response;
    if (generation === undefined) return;
    context.stdout.write(`${generation.outputText}\n`);
    for (const part of generation.message?.parts ?? []) {
      if (part.data.case !== "toolCall") continue;
      context.stdout.write(`${part.data.value.name}(${part.data.value.argumentsJson})\n`);
    }
    const lines = [...warningLines(generation), summaryLine(generation)];
    context.stderr.write(`${lines.join("\n")}\n`);
  },
};
