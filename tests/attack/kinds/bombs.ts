// Bodies that are small on the wire, or small for what they would become.
import type { DescMessage } from "@bufbuild/protobuf";
import { GenerationService } from "../../../gen/es/steer/v1/generation_service_pb.js";
import { collectionsOf, delimited } from "../../support/wire-floods.ts";

const { generate } = GenerationService.method;
const MIB = 1024 * 1024;
const DEEP = 3_000;

export interface Bomb {
  readonly name: string;
  readonly format: "proto" | "json";
  readonly body: Buffer;
}

/** A request with this specification. */
const inSpec = (spec: Uint8Array): Buffer => Buffer.from(delimited(numberOf("spec"), spec));

function numberOf(...names: readonly string[]): number {
  let message: DescMessage = generate.input;
  let number = 0;
  for (const name of names) {
    const field = message.fields.find((one) => one.name === name);
    number = field?.number ?? 0;
    message = field?.message ?? message;
  }
  return number;
}

const again = (bytes: Uint8Array, times: number): Buffer =>
  Buffer.alloc(bytes.length * times, bytes);

export function elementBombs(): Bomb[] {
  const [messages] = collectionsOf(generate.input);
  if (messages === undefined) throw new Error("no conversation");
  const wire = (name: string, body: Uint8Array): Bomb => {
    return { name, format: "proto", body: Buffer.from(body) };
  };
  // A field that no contract has.
  const unknown = Buffer.of(0xfa, 0xff, 0xff, 0xff, 0x0f, 0);
  const model = delimited(numberOf("spec", "model"), Buffer.from("m"));
  return [
    wire("15,000,000 messages", messages.bytes(15_000_000)),
    wire("500,000 messages", messages.bytes(500_000)),
    wire("one field again and again", inSpec(again(model, 300_000))),
    wire("unknown fields", again(unknown, 150_000)),
    ...collectionsOf(generate.input)
      .filter(({ path }) => path.split(".").length === 2)
      .map(({ path, bytes }) => wire(path, bytes(100_000))),
    { name: "300,000 messages", format: "json", body: Buffer.from(messages.json(300_000)) },
  ];
}

export function deepBombs(): Bomb[] {
  const map = (key: string, value: Uint8Array): Uint8Array =>
    Buffer.concat([delimited(1, Buffer.from(key)), delimited(2, value)]);
  // google.protobuf.Value holds a list (6), which holds values (1).
  let value: Uint8Array = Buffer.of(0x08, 0);
  for (let depth = 0; depth < DEEP; depth++) value = delimited(6, delimited(1, value));
  const options = map("simulator", delimited(1, map("a", value)));
  const around = (inner: string): Buffer =>
    Buffer.from(`{"spec":{"providerOptions":{"simulator":{"a":${inner}}}}}`);
  const closed = "[".repeat(50_000) + "]".repeat(50_000);
  return [
    {
      name: "nested values",
      format: "proto",
      body: inSpec(delimited(numberOf("spec", "provider_options"), options)),
    },
    { name: "nested groups", format: "proto", body: Buffer.alloc(MIB / 2, 0x0b) },
    { name: "nested arrays", format: "json", body: around("[".repeat(200_000)) },
    { name: "nested objects", format: "json", body: around('{"a":'.repeat(100_000)) },
    { name: "closed arrays", format: "json", body: around(closed) },
  ];
}

export function jsonBombs(): Bomb[] {
  const members = Array.from({ length: 200_000 }, (_, index) => `"${index}":0`).join();
  const json = (body: string, name: string): Bomb => ({
    name,
    format: "json",
    body: Buffer.from(body),
  });
  return [
    json(`{"spec":{"providerOptions":{"simulator":{${members}}}}}`, "members"),
    json(
      `{"spec":{"providerOptions":{"simulator":{"a":${"9".repeat(500_000)}}}}}`,
      "a long number",
    ),
    json(`{${'"spec":{},'.repeat(80_000)}"spec":{}}`, "one member again and again"),
    json(`{"${"k".repeat(MIB / 2)}":1}`, "a long name"),
    json(`{"spec":{"prompt":"${"\\u0000".repeat(100_000)}"`, "escapes without an end"),
    json(" ".repeat(MIB / 2), "spaces"),
    json(`{"spec":{"prompt":"${"\\ud83d".repeat(80_000)}"}}`, "halves of pairs"),
  ];
}

/** Bytes that a compression makes next to nothing of, with as much that it cannot as the bound on its ratio asks for. */
export function inflatable(bytes: number): Buffer {
  const body = Buffer.alloc(bytes, 0x20);
  let state = 1;
  for (let at = 0; at < bytes / 80; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    body[at] = 0x20 + ((state >>> 24) % 94);
  }
  return body;
}
