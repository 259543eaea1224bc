import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "./stack.ts";

export type UsageLine = Readonly<Record<string, unknown>>;

/** A file of usage records in its own folder. */
export interface UsageLines extends Disposable {
  readonly path: string;
  all(): readonly UsageLine[];
  /** The records of one generation, when its call has one. */
  of(generationId: string): Promise<readonly UsageLine[]>;
}

export function createUsageLines(): UsageLines {
  const folder = mkdtempSync(join(tmpdir(), "steer-usage-"));
  const path = join(folder, "usage.jsonl");
  const all = (): readonly UsageLine[] => {
    try {
      const lines = readFileSync(path, "utf8").split("\n").slice(0, -1);
      return lines.map((line) => JSON.parse(line) as UsageLine);
    } catch {
      return [];
    }
  };
  return {
    path,
    all,
    async of(generationId) {
      const own = () => all().filter((line) => line["generation_id"] === generationId);
      await eventually(() => own().some(({ type }) => type === "call"));
      return own();
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}
