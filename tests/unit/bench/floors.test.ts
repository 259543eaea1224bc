// The floors of the bench serve the same bytes: by hand, by the general encoder, and as a proxy.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { afterAll, expect, it } from "vitest";
import { streamLoad, unaryLoad } from "../../../bench/calls.ts";
import { chatLoad } from "../../../bench/chat-load.ts";
import { openChannel } from "../../../bench/load.ts";
import { httpSubject } from "../../../bench/subject.ts";
import { GenerateResponseSchema } from "../../../gen/es/steer/v1/generation_service_pb.js";
import { ROOT } from "../../support/guide-pages.ts";

const TEXT = "The sea is wide and does not answer. ".repeat(4);
const folder = mkdtempSync(join(tmpdir(), "steer-floors-"));
const children: ChildProcess[] = [];

afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

/** Starts a program of the bench and returns what its first line says. */
async function start(...args: readonly string[]): Promise<Record<string, string>> {
  const [program = "", ...rest] = args;
  const child = spawn(process.execPath, [join(ROOT, "bench", program), ...rest], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  return JSON.parse(String(line)) as Record<string, string>;
}

/** An answer whose texts have the length of the upstream's. */
function template(text: string): string {
  const generation = {
    generationId: "generation-1",
    message: { parts: [{ data: { case: "text", value: { text } } } as const] },
    outputText: text,
  };
  const file = join(folder, "answer.bin");
  const message = create(GenerateResponseSchema, { generation });
  writeFileSync(file, toBinary(GenerateResponseSchema, message));
  return file;
}

const { url: upstream = "" } = await start("upstream.ts");
const given = template("?".repeat(TEXT.length));
const [byHand, general, proxy, replay] = await Promise.all([
  start("floor.ts", "unary", upstream, given),
  start("floor-2026-11.ts", upstream, given),
  start("http-floor.ts", upstream),
  start("floor.ts", "replay", upstream, ""),
]);

async function unaryOf({ grpc = "" }: Record<string, string>): Promise<Buffer> {
  const channel = openChannel(unaryLoad(grpc, "bench"));
  const answer = await channel.unary();
  channel.close();
  return answer;
}

async function streamOf({ grpc = "" }: Record<string, string>): Promise<Buffer[]> {
  const channel = openChannel(streamLoad(grpc, "bench"));
  const messages: Buffer[] = [];
  await channel.stream((message) => messages.push(message));
  channel.close();
  return messages;
}

it("the unary answer has the text of the upstream at each place, and is as long as the template", async () => {
  const { generation } = fromBinary(GenerateResponseSchema, await unaryOf(byHand));
  expect(generation?.outputText).toBe(TEXT);
  expect(generation?.message?.parts[0]?.data.value).toMatchObject({ text: TEXT });
  expect((await unaryOf(byHand)).length).toBe((await unaryOf(general)).length);
});

it("the deltas are those of the general encoder, one for each event", async () => {
  const messages = await streamOf(byHand);
  expect(messages).toHaveLength(200);
  expect(messages).toEqual(await streamOf(general));
});

async function piecesOf(address: string, stream: boolean): Promise<string> {
  const subject = httpSubject({ pid: 0 }, address, chatLoad("bench", stream));
  const client = subject.open();
  let text = "";
  await client.stream((piece) => {
    text += piece.toString();
  });
  client.close();
  return text;
}

it("the proxy copies whole answers and streams", async () => {
  const { host } = new URL(upstream);
  for (const stream of [false, true]) {
    const direct = await piecesOf(host, stream);
    expect(direct).toContain(stream ? "data: [DONE]" : TEXT);
    expect(await piecesOf(proxy["http"] ?? "", stream)).toBe(direct);
  }
});

it("a replay has the events of a long stream", async () => {
  const request = Buffer.alloc(0);
  const load = { address: replay["grpc"] ?? "", path: "/steer.v1.GenerationService/ResumeStream" };
  const channel = openChannel({ ...load, request });
  expect(await channel.stream()).toBe(2_000);
  channel.close();
});
