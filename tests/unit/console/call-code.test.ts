import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { callCode, LANGUAGES } from "../../../console/src/views/playground/call-code.ts";
import { isOnPath } from "../../interop/run-command.ts";

/** What shells and languages treat specially. */
const PROMPT = `It's "quoted" \\ \`ticks\` $HOME $(id) \${x} """ ''' %s\\n\ttab\r\nline \u2028 שלום 😀 </script>`;
const REQUEST = { spec: { model: "m", prompt: PROMPT }, acceptsDiscard: true };
const SITE = { url: "http://gateway/it's", hasKey: true };

/** The arguments of the command after its comments, as a shell passes them. */
function shellArguments(code: string, command: string): string[] {
  const lines = code.replace(command, "printf '%s\\0'");
  const env = { PATH: process.env["PATH"] ?? "", STEER_API_KEY: "the key" };
  return execFileSync("sh", ["-c", lines], { env }).toString().split("\0");
}

/** The request in the code of a language, by that language's own rules. */
function literal(code: string, begin: string, end: string): string {
  const from = code.indexOf(begin) + begin.length;
  return code.slice(from, code.indexOf(end, from));
}

describe("the code of a call", () => {
  it("is quoted for a shell", () => {
    const curl = shellArguments(callCode("curl", SITE, REQUEST), "curl");
    expect(JSON.parse(curl[curl.indexOf("-d") + 1] ?? "")).toEqual({ spec: REQUEST.spec });
    expect(curl).toContain("http://gateway/it's/steer.v1.GenerationService/Generate");
    expect(curl).toContain("authorization: Bearer the key");
    const buf = shellArguments(callCode("buf curl", SITE, REQUEST), "buf curl");
    expect(JSON.parse(buf[buf.indexOf("-d") + 1] ?? "")).toEqual(REQUEST);
  });

  it.skipIf(!isOnPath("python3"))("is quoted for Python", () => {
    for (const prompt of [PROMPT, PROMPT.replace('"""', "")]) {
      const request = { ...REQUEST, spec: { model: "m", prompt } };
      const code = callCode("Python", SITE, request);
      const line = `REQUEST = ${literal(code, "REQUEST = ", "\n\nwith Client()")}`;
      const program = `import sys\n${line}\nsys.stdout.buffer.write(REQUEST.encode())`;
      expect(JSON.parse(execFileSync("python3", ["-c", program]).toString())).toEqual(request);
    }
  });

  it("is quoted for Go: a raw literal without ticks, else a quoted one", () => {
    const quoted = literal(callCode("Go", SITE, REQUEST), "const request = ", "\n\nfunc main");
    expect(JSON.parse(JSON.parse(quoted) as string)).toEqual(REQUEST);
    const plain = { ...REQUEST, spec: { model: "m", prompt: PROMPT.replaceAll("`", "") } };
    const raw = literal(callCode("Go", SITE, plain), "const request = ", "\n\nfunc main");
    expect(raw.startsWith("`{") && raw.endsWith("}`") && !raw.slice(1, -1).includes("`")).toBe(
      true,
    );
    expect(JSON.parse(raw.slice(1, -1))).toEqual(plain);
  });

  it("is quoted for TypeScript", () => {
    const code = callCode("TypeScript", SITE, REQUEST);
    const object = literal(code, "StreamGenerateRequestSchema, ", ");\n\nconst client");
    expect(JSON.parse(object)).toEqual(REQUEST);
  });

  it("names the variable of the key, and only where the service asks for one", () => {
    for (const language of LANGUAGES) {
      expect(callCode(language, SITE, REQUEST)).toContain("STEER_API_KEY");
    }
    for (const language of ["curl", "buf curl"] as const) {
      expect(callCode(language, { ...SITE, hasKey: false }, REQUEST)).not.toContain(
        "authorization",
      );
    }
  });
});
