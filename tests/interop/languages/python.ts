import type { Command, ExampleName, Language } from "../language.ts";

const ENVIRONMENT = ".cache/interop/python";

/** Whatever the machine's language is, what is printed is UTF-8. */
const UTF_8 = { PYTHONUTF8: "1" };

/** With the packages as they are installed, not the folders. */
function run(...args: readonly string[]): Command {
  const env = { ...UTF_8, PYTHONDONTWRITEBYTECODE: "1" };
  return { command: `${ENVIRONMENT}/bin/python`, args, cwd: ".", env };
}

const example = (name: ExampleName): Command => run(`examples/python/${name}.py`);

export const python: Language = {
  name: "python",
  needs: ["python3"],
  debian: ["python3", "python3-venv"],
  prepare: [
    { command: "python3", args: ["-m", "venv", ENVIRONMENT], cwd: "." },
    run(
      ...["-m", "pip", "install", "--quiet", "--disable-pip-version-check"],
      ...["./gen/python", "./clients/python", "pytest==9.2.0", "grpcio-health-checking>=1.76"],
    ),
  ],
  vectors: run("-m", "pytest", "-q", "-p", "no:cacheprovider", "clients/python"),
  program: run("tests/interop/python/main.py"),
  examples: {
    unary: example("unary"),
    stream: example("stream"),
    survive: example("survive"),
    tools: example("tools"),
    "json-patches": example("json-patches"),
    attempts: example("attempts"),
    cleanup: example("cleanup"),
  },
  page: {
    file: "docs/clients/python.md",
    another: "venv/bin/pip install --quiet idna==3.11",
    env: () => UTF_8,
  },
};
