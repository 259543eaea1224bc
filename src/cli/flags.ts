// Flags of commands. One table per command serves parsing, help and `docs/cli.md`.

interface Switch {
  readonly type: "boolean";
  readonly default?: boolean;
  readonly help: string;
}

interface Option {
  readonly type: "string";
  readonly default?: string;
  readonly multiple?: boolean;
  /** Placeholder of the value in help. */
  readonly value: string;
  readonly help: string;
}

export type FlagTable = Readonly<Record<string, Switch | Option>>;

/** Every command can print its result as JSON. */
export const JSON_FLAG = {
  json: { type: "boolean", default: false, help: "print messages as JSON, one per line" },
} as const satisfies FlagTable;

/** Options of the connection, removed from the arguments before a command sees them. */
export const CONNECTION_FLAGS = {
  ca: {
    type: "string",
    value: "FILE",
    help: "trust the authorities of this PEM file, or a certificate that signs itself",
  },
  cert: {
    type: "string",
    value: "FILE",
    help: "client certificate, PEM; with --key, for a server that asks for one",
  },
  key: { type: "string", value: "FILE", help: "key of the client certificate, PEM" },
} as const satisfies FlagTable;

/** Spelling of a flag. */
export function spellingOf(name: string, flag: Switch | Option): string {
  return flag.type === "boolean" ? `--${name}` : `--${name} ${flag.value}`;
}

/** One line for each flag. */
export function flagLines(flags: FlagTable): string[] {
  const entries = Object.entries(flags).map(
    ([name, flag]) => [spellingOf(name, flag), flag.help] as const,
  );
  const width = Math.max(0, ...entries.map(([spelling]) => spelling.length));
  return entries.map(([spelling, help]) => `  ${spelling.padEnd(width)}  ${help}`);
}
