import { PassThrough, Writable } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { forwardLines } from "../../../src/workers/line-forwarder.ts";

/** An output that keeps each write by itself. */
function createOutput() {
  const writes: string[] = [];
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      writes.push(chunk.toString());
      done();
    },
  });
  return { writes, output };
}

describe("lines of a worker", () => {
  it("are passed on whole, whatever the pieces in which they come", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.string({ minLength: 0, maxLength: 20 }).map((text) => text.replaceAll("\n", "é")),
        ),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        async (lines, sizes) => {
          const { writes, output } = createOutput();
          const from = new PassThrough();
          let dropped = 0;
          forwardLines({ from, to: output, onDropped: () => dropped++ });
          const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""));
          for (let at = 0, piece = 0; at < bytes.length; piece++) {
            const size = sizes[piece % sizes.length] ?? 1;
            from.write(bytes.subarray(at, at + size));
            at += size;
          }
          from.end();
          await turn();
          await turn();
          expect(writes.join("")).toBe(bytes.toString());
          expect(writes.every((each) => each.endsWith("\n"))).toBe(true);
          expect(dropped).toBe(0);
        },
      ),
      { numRuns: 50 },
    );
  });

  it("are left out and counted if the process has not written their end", async () => {
    const { writes, output } = createOutput();
    const from = new PassThrough();
    let dropped = 0;
    forwardLines({ from, to: output, onDropped: () => dropped++ });
    from.write("whole\nto");
    from.end("rn");
    await turn();
    await turn();
    expect([writes, dropped]).toEqual([["whole\n"], 1]);
  });

  it("are left out and counted if they are longer than any line", async () => {
    const { writes, output } = createOutput();
    const from = new PassThrough();
    let dropped = 0;
    forwardLines({ from, to: output, onDropped: () => dropped++ });
    for (let mebibyte = 0; mebibyte < 9; mebibyte++) from.write(Buffer.alloc(2 ** 20, "x"));
    from.end("\nnext\n");
    await turn();
    await turn();
    expect([writes, dropped]).toEqual([["next\n"], 1]);
  });

  it("wait at the worker while the output is slow", async () => {
    const accepted: (() => void)[] = [];
    const output = new Writable({
      highWaterMark: 1,
      write: (_chunk, _encoding, done) => void accepted.push(done),
    });
    const from = new PassThrough();
    forwardLines({ from, to: output, onDropped: () => {} });
    from.write("a\n");
    await turn();
    from.write("b\n");
    await turn();
    expect([accepted.length, from.isPaused()]).toEqual([1, true]);
    accepted[0]?.();
    await turn();
    await turn();
    expect(accepted).toHaveLength(2);
  });
});
