import { execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, delimiter, join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");

interface Instruction {
  readonly name: string;
  readonly argument: string;
}

/** The instructions of a Dockerfile, without comments and with continued lines joined. */
export function readDockerfile(): Instruction[] {
  const text = readFileSync(join(ROOT, "Dockerfile"), "utf8");
  return text
    .replaceAll(/^#.*\n/gm, "")
    .replaceAll(/\\\n\s*/g, "")
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const [name = "", ...rest] = line.split(" ");
      return { name, argument: rest.join(" ") };
    });
}

/** The content and command of the Dockerfile's image, in a folder instead of a container. */
export interface Image {
  /** The image's WORKDIR. */
  readonly app: string;
  /** ENV, with PATH; without the machine's environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly command: readonly string[];
  readonly healthCheck: readonly string[];
  readonly stopSignal: NodeJS.Signals;
  /** The image's user. As root: a user without privileges; otherwise the current user. */
  readonly user: { readonly uid?: number; readonly gid?: number };
  remove(): void;
}

const WHOLE_INSTALLATION = "npm ci --ignore-scripts";
const NOBODY = 65_534;
/** Folders in which everybody can write. */
const FOR_ALL = ["tmp", "var/tmp"];
const MAKE_PARENTS = { recursive: true } as const;

/** npm prefers packages of the machine's cache, and asks a registry nothing else. */
const QUIET_NPM = {
  npm_config_prefer_offline: "true",
  npm_config_audit: "false",
  npm_config_fund: "false",
  npm_config_update_notifier: "false",
};

/** What `.dockerignore` takes out of a folder that it lets in. */
const isOffered = (path: string): boolean => path !== join(ROOT, "console/dist");

/** Follows the Dockerfile: copies its files into an empty folder for each stage and runs its commands. */
export function buildImage(): Image {
  const root = mkdtempSync(join(tmpdir(), "steer-image-"));
  const stages = new Map<string, string>();
  const letAllRead = (): void => void execFileSync("chmod", ["-R", "a+rX", root]);
  let folder = "";
  let app = "";
  let env: Record<string, string> = {};
  let command: readonly string[] = [];
  let healthCheck: readonly string[] = [];
  let stopSignal: NodeJS.Signals = "SIGTERM";
  let runner: Image["user"] = {};
  const user = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  const json = (text: string) => JSON.parse(text.slice(text.indexOf("["))) as string[];
  const steps: Readonly<Record<string, (argument: string) => void>> = {
    FROM(argument) {
      const [image = "", , name = "last"] = argument.split(" ");
      if (image !== "node:24-slim") throw new Error(`no stand-in for the image ${image}`);
      folder = join(root, name);
      app = join(folder, "app");
      env = {};
      stages.set(name, folder);
      mkdirSync(folder);
      for (const name of ["app", "bin", ...FOR_ALL]) mkdirSync(join(folder, name), MAKE_PARENTS);
      for (const name of FOR_ALL) chmodSync(join(folder, name), 0o1777);
      copyFileSync(process.execPath, join(folder, "bin/node"));
      env["PATH"] = `${join(folder, "bin")}${delimiter}${process.env["PATH"]}`;
    },
    WORKDIR() {},
    EXPOSE() {},
    USER() {
      letAllRead();
      runner = user;
    },
    ENV(argument) {
      for (const [, name = "", value = ""] of argument.matchAll(/(\w+)=(\S+)/g)) {
        env[name] = value.replace(/^\/(?=(var\/)?tmp\/)/, `${folder}/`);
      }
    },
    COPY(argument) {
      const stage = /^--from=(\S+) /.exec(argument)?.[1];
      const from = stage === undefined ? ROOT : stages.get(stage);
      if (from === undefined) throw new Error(`no stage ${stage}`);
      const words = argument.split(" ").filter((word) => !word.startsWith("--from="));
      const [target = "", ...sources] = words.toReversed();
      for (const name of sources) {
        const to = target.endsWith("/") ? join(app, target, basename(name)) : join(app, target);
        cpSync(join(from, name), to, { recursive: true, filter: isOffered });
      }
    },
    RUN(argument) {
      const line = argument.replaceAll(/--mount=\S+ /g, "");
      // What a whole installation by the lock file gives is here already.
      if (line === WHOLE_INSTALLATION) {
        return symlinkSync(join(ROOT, "node_modules"), join(app, "node_modules"), "junction");
      }
      const shell = { ...process.env, ...env, ...QUIET_NPM };
      execFileSync("sh", ["-c", line], { ...runner, cwd: app, env: shell, stdio: "pipe" });
    },
    STOPSIGNAL(signal) {
      stopSignal = signal as NodeJS.Signals;
    },
    HEALTHCHECK(argument) {
      healthCheck = json(argument);
    },
    CMD(argument) {
      command = json(argument);
    },
  };
  for (const { name, argument } of readDockerfile()) {
    const step = steps[name];
    if (step === undefined) throw new Error(`no stand-in for ${name}`);
    step(argument);
  }
  letAllRead();
  const remove = (): void => {
    // Only root can remove what is in a folder that nobody may write to.
    execFileSync("chmod", ["-R", "u+w", root]);
    rmSync(root, { recursive: true, force: true });
  };
  return { app, env, command, healthCheck, stopSignal, user, remove };
}
