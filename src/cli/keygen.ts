import { createHash, randomBytes } from "node:crypto";
import { noArguments, parseArguments } from "./arguments.ts";
import type { Command } from "./command.ts";
import { UsageError } from "./usage-error.ts";

const KEY_BYTES = 32;

export const keygen: Command = {
  summary: "make a key for a caller",
  help: `usage: steer keygen [--id ID] [--role caller|operator] [--json]

Prints the key, which only the caller keeps, and the line for the configuration,
which holds its hash alone.`,
  async run(args, { stdout }) {
    const { values, positionals } = parseArguments(args, {
      id: { type: "string", default: "caller-1" },
      role: { type: "string", default: "caller" },
      json: { type: "boolean", default: false },
    });
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
