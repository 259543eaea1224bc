import { Writable } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { createLog } from "../../src/log.ts";

/** A stream that goes on behind an error, as standard output does. */
function openOutput() {
  const output = { written: "", failure: undefined as NodeJS.ErrnoException | undefined };
  const stream: Writable = new Writable({
    // What Node makes of standard output.
    destroy(error, done) {
      done(error);
      (stream as Writable & { _undestroy(): void })._undestroy();
    },
    write(chunk: Buffer, _encoding, done) {
      if (output.failure === undefined) output.written += chunk.toString();
      done(output.failure);
    },
  });
  const broken: string[] = [];
  const { log, flush } = createLog(
    stream as unknown as NodeJS.WriteStream,
    () => 0,
    (code) => broken.push(code),
  );
  const lines = () =>
    output.written
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { output, log, flush, broken, lines };
}

const warning = (message: string) => ({ event: "warning", message }) as const;

const failure = (code: string): NodeJS.ErrnoException => Object.assign(new Error(code), { code });

describe("createLog", () => {
  it("writes the lines of one turn together, each with its time", async () => {
    const { log, lines } = openOutput();
    log({ event: "stopped" });
    log(warning("b"));
    await turn();
    const time = "1970-01-01T00:00:00.000Z";
    expect(lines()).toEqual([
      { time, event: "stopped" },
      { time, event: "warning", message: "b" },
    ]);
  });

  it.each(["EPIPE", "ENOSPC", "EIO"])(
    "field:S25: counts what a broken stream does not take, and says so when it does: %s",
    async (code) => {
      const { output, log, broken, lines } = openOutput();
      log(warning("before"));
      await turn();
      output.failure = failure(code);
      for (const message of ["lost 1", "lost 2"]) log(warning(message));
      await turn();
      // This one tells of the two before, and is lost with what it tells.
      log(warning("lost 3"));
      await turn();
      output.failure = undefined;
      log(warning("after"));
      log(warning("and on"));
      await turn();
      expect(lines().map(({ message, dropped_lines }) => [message, dropped_lines])).toEqual([
        ["before", undefined],
        ["after", 3],
        ["and on", undefined],
      ]);
      expect(broken).toEqual([code]);
      output.failure = failure("EPIPE");
      log(warning("again"));
      await turn();
      expect(broken).toEqual([code, "EPIPE"]);
    },
  );

  it("keeps 8 MiB for a reader that takes nothing, and counts what comes then", async () => {
    const taken: string[] = [];
    const waiting: (() => void)[] = [];
    const stream = new Writable({
      decodeStrings: false,
      write(chunk: string, _encoding, done) {
        taken.push(chunk);
        waiting.push(done);
      },
    });
    const { log } = createLog(
      stream as unknown as NodeJS.WriteStream,
      () => 0,
      () => {},
    );
    const mebibyte = warning("x".repeat(1024 * 1024));
    // Within one turn, and in turns that follow each other.
    for (let line = 0; line < 4; line++) log(mebibyte);
    await turn();
    for (let line = 0; line < 9; line++) log(mebibyte);
    await turn();
    log(warning("lost"));
    await turn();
    expect(stream.writableLength).toBeGreaterThan(8 * 1024 * 1024);
    expect(stream.writableLength).toBeLessThan(9 * 1024 * 1024);
    while (waiting.length > 0) {
      waiting.shift()?.();
      await turn();
    }
    log(warning("after"));
    await turn();
    expect(JSON.parse(taken.at(-1) ?? "")).toMatchObject({ message: "after", dropped_lines: 6 });
  });
});
