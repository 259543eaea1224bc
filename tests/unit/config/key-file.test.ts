import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fromFile, mistakeOf } from "../../support/config-file.ts";

const SECRET = "sk-do-not-print-this";

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "steer-keys-"));
});

afterAll(() => rmSync(folder, { recursive: true }));

/** A configuration whose instance has its key from a file with this content. */
function withKey(content: string | undefined, more = ""): string {
  const file = join(folder, "key");
  rmSync(file, { force: true });
  if (content !== undefined) writeFileSync(file, content);
  return `providers:\n  - id: a\n    type: openai\n    api_key_file: ${file}\n${more}`;
}

describe("api_key_file", () => {
  it.each([
    ["as it is", SECRET],
    ["with a line break", `${SECRET}\n`],
    ["with blanks and a line break of Windows", `  ${SECRET} \r\n`],
  ])("is the key of its instance: %s", (_name, content) => {
    const [instance] = fromFile(withKey(content)).providers;
    expect(instance).toMatchObject({ apiKey: SECRET, unavailable: undefined });
  });

  it("goes before the vendor's variable", () => {
    const [instance] = fromFile(withKey(SECRET), { OPENAI_API_KEY: "other" }).providers;
    expect(instance?.apiKey).toBe(SECRET);
  });

  it.each([
    ["is missing", undefined, "cannot be read (ENOENT)"],
    ["is empty", "", "is empty"],
    ["holds blanks alone", " \n\n", "is empty"],
    ["holds two lines", `${SECRET}\n${SECRET}`, "holds no key of one line in ASCII"],
    ["holds what no header takes", `${SECRET}é`, "holds no key of one line in ASCII"],
    ["is no key at all", SECRET.repeat(1_000), "is larger than 16384 bytes"],
  ])(
    "that %s stops the start, with file, line and path, and without the key",
    (_name, content, why) => {
      const mistake = mistakeOf(withKey(content));
      expect(mistake).toMatch(/^steer\.yaml:4: providers\[0\]\.api_key_file: \S+\/key /);
      expect(mistake).toContain(why);
      expect(mistake).not.toContain(SECRET);
    },
  );

  it("that cannot be read is no mistake of an instance that is switched off", () => {
    const [instance] = fromFile(withKey(undefined, "    enabled: false\n")).providers;
    expect(instance?.unavailable).toEqual({ cause: "disabled" });
  });

  it("and api_key_env are not set both", () => {
    expect(mistakeOf(withKey(SECRET, "    api_key_env: A\n"))).toBe(
      "steer.yaml:4: providers[0].api_key_file: set api_key_env or api_key_file, not both",
    );
  });
});
