import { createHash, randomBytes } from "node:crypto";
import { noArguments, parseArguments } from "./arguments.ts";
import type { Command } from "./command.ts";
import { type FlagTable, JSON_FLAG } from "./flags.ts";
import { UsageError } from "./usage-error.ts";

const KEY_BYTES = 32;

const FLAGS = {
  id: { type: "string", default: "caller-1", value: "ID", help: "the caller's name" },
  role: { type: "string", default: "caller", value: "ROLE", help: "caller or operator" },
  ...JSON_FLAG,
} as const satisfies FlagTable;

export const keygen: Command = {
  summary: "make a key for a caller",
  usage: ["steer keygen [options]"],
  about: `Prints the key for the caller, and the line for the configuration with only its hash.`,
  flags: { "": FLAGS },
  async run(args, { stdout }) {
    const { values, positionals } = parseArguments(args, FLAGS);
    noArguments(positionals);
    const { id, role } = values;
    if (role !== "caller" && role !== "operator") {
      throw new UsageError("--role is caller or operator");
    }
    const key = `steer_${randomBytes(KEY_BYTES).toString("base64url")}`;
    const keySha256 = createHash("sha256").update(key).digest("hex");
    if (values.json) {
      stdout.write(`${JSON.stringify({ id, role, key, key_sha256: keySha256 })}\n`);
      return;
    }
    stdout.write(
      `key (for the caller, it is not stored):  ${key}\n` +
        `callers:\n  - {id: ${id}, role: ${role}, key_sha256: ${keySha256}}\n`,
    );
  },
};
