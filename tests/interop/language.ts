/** A program to run; `cwd` is relative to the repository's root. */
export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** The examples that each language has, in `examples/<language>`. */
export type ExampleName =
  | "unary"
  | "stream"
  | "survive"
  | "tools"
  | "json-patches"
  | "attempts"
  | "cleanup";

/** A page of `docs/clients`, which a test follows. */
export interface Page {
  /** From the repository's root. */
  readonly file: string;
  /** For the shell: installs something else in a folder where Steer is installed. */
  readonly another: string;
  /**
   * For all that the page does. What an installation writes for the whole machine stays in the folder,
   * which is empty and goes with the page.
   */
  readonly env: (folder: string) => Readonly<Record<string, string>>;
}

/** What the runner must know of a language; its files are in `languages/`. */
export interface Language {
  readonly name: string;
  /** Commands that must be on PATH. */
  readonly needs: readonly string[];
  /** Debian's packages that bring them. */
  readonly debian: readonly string[];
  /** Builds the program, the examples and the helper's tests, once. */
  readonly prepare: readonly Command[];
  /** The helper's own tests: every vector of `tests/fixtures/resume-vectors.json`. */
  readonly vectors: Command;
  /** The interop program; the scenario's name is appended. */
  readonly program: Command;
  readonly examples: Readonly<Record<ExampleName, Command>>;
  readonly page: Page;
  /** Its ecosystem speaks the Connect protocol too. */
  readonly connect?: boolean;
}
