import { callers } from "./callers.ts";
import { circuits } from "./circuits.ts";
import type { Command } from "./command.ts";
import { config } from "./config.ts";
import { doors } from "./doors.ts";
import { generate } from "./generate.ts";
import { groups } from "./groups.ts";
import { health } from "./health.ts";
import { keygen } from "./keygen.ts";
import { keys } from "./keys.ts";
import { models } from "./models.ts";
import { resume } from "./resume.ts";
import { status } from "./status.ts";
import { stream } from "./stream.ts";
import { streams } from "./streams.ts";
import { top } from "./top.ts";
import { usage } from "./usage.ts";

export const serve: Command = {
  summary: "start the service",
  usage: ["steer serve"],
  about:
    "The configuration is the file that STEER_CONFIG names, and the environment, which overrides it.",
  flags: { "": {} },
  async run() {
    await import("../main.js");
  },
};

/** All commands by name. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  serve,
  generate,
  stream,
  resume,
  streams,
  callers,
  groups,
  keys,
  circuits,
  models,
  status,
  top,
  usage,
  keygen,
  config,
  doors,
  health,
};
