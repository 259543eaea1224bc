import { expect, it } from "vitest";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { slowestHealth } from "../support/slowest-health.ts";
import { eventually } from "../support/stack.ts";
import { CALM, script, startTargets, through } from "../support/targets.ts";
import { createUsageLines } from "../support/usage-records.ts";

const { streamGenerate } = GenerationService.method;
const STREAMS = 30;
const PIECES = 80;
const PIECE = "a".repeat(65_535);
/** The beginning of an answer is an event without content. */
const ENOUGH = (PIECES - 2) * PIECE.length;

it("A-9: 30 streams of 5 MiB that their callers leave are counted while health answers", async () => {
  using lines = createUsageLines();
  await using stack = await startTargets({ ...CALM, accounting: { usage_file: lines.path } });
  const text = Array.from({ length: PIECES + 1 }, () => PIECE).join(" ");
  const spec = () => through({ a: script({ text }, { stall_after_events: PIECES }) });
  const streams = Array.from({ length: STREAMS }, () =>
    stack.client.stream(streamGenerate, { spec: spec(), options: { ephemeral: true } }),
  );
  const { promise: isOver, resolve: leave } = Promise.withResolvers<void>();
  let whole = 0;
  const readings = streams.map(async (stream) => {
    let units = 0;
    const read = async (): Promise<void> => {
      for await (const { event } of stream) {
        if (event.case !== "textDelta") continue;
        const before = units;
        units += event.value.text.length;
        if (before < ENOUGH && units >= ENOUGH && ++whole === STREAMS) leave();
      }
    };
    await read().catch(() => {});
  });
  await isOver;
  for (const stream of streams) stream.cancel();
  const calls = () => lines.all().filter(({ type }) => type === "call");
  const counted = eventually(() => calls().length === STREAMS);
  const { slowest, answers } = await slowestHealth(stack.client, counted);
  await Promise.all(readings);
  for (const call of calls()) {
    expect(call).toMatchObject({ usage_source: "estimated" });
    expect(Number(call["output_tokens"])).toBeGreaterThan(100_000);
  }
  expect(answers).toBeGreaterThan(0);
  expect(slowest).toBeLessThan(5_000);
});
