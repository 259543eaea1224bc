// Debian's Chromium, as CI and developers install it.
import { type Browser, chromium } from "playwright-core";
import { isOnPath } from "../interop/run-command.ts";

const COMMAND = "chromium";
const EXECUTABLE = "/usr/bin/chromium";

/** Debian's packages that are missing for `npm run test:console`; empty: none. */
export function missingPackages(): string[] {
  const wanted = [
    { command: COMMAND, debian: "chromium" },
    { command: "redis-server", debian: "redis-server" },
  ];
  return wanted.filter(({ command }) => !isOnPath(command)).map(({ debian }) => debian);
}

export function launchChromium(): Promise<Browser> {
  // The sandbox of Chromium does not run as root, and CI runs as root in a container.
  const isRoot = process.getuid?.() === 0;
  return chromium.launch({
    executablePath: EXECUTABLE,
    args: [...(isRoot ? ["--no-sandbox"] : []), "--disable-dev-shm-usage"],
  });
}
