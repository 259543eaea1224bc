// The floor: grpc-js and undici, and the least between them for the same bytes on the wire. Requests are read, deltas and
// answers are written by hand. `node bench/floor.ts MODE UPSTREAM TEMPLATE`: MODE is echo, unary, stream or replay;
// TEMPLATE is a file with an encoded GenerateResponse, or "" if no unary calls are made.
import { readFileSync } from "node:fs";
import { fromBinary } from "@bufbuild/protobuf";
import { GenerateResponseSchema } from "../gen/es/steer/v1/generation_service_pb.js";
import { encodeDelta } from "../src/rpc/encode-delta.ts";
import { connectUpstream } from "./floor-upstream.ts";
import { requestTexts } from "./request-texts.ts";
import { type FloorStream, serveFloor } from "./serve-floor.ts";

const [, , mode = "echo", upstream = "", template = ""] = process.argv;
const REPLAYED = 2_000;
const EVENT_END = "\n\n";
const DATA = "data: ";

const send = connectUpstream(upstream);
const answer = template === "" ? Buffer.alloc(0) : readFileSync(template);
const places = placesOf(answer);

/** Places of the output's text in the encoded answer. */
function placesOf(bytes: Buffer): number[] {
  const text = fromBinary(GenerateResponseSchema, bytes).generation?.outputText ?? "";
  const found: number[] = [];
  if (text === "") return found;
  for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + text.length)) {
    found.push(at);
  }
  return found;
}

/** The encoded answer with this text. All texts of an upstream's model have one length, so no other byte changes. */
function answerWith(text: string): Buffer {
  const bytes = Buffer.allocUnsafe(answer.length);
  answer.copy(bytes);
  for (const place of places) bytes.write(text, place);
  return bytes;
}

function bodyOf(request: Buffer, stream: boolean): string {
  const { model, prompt } = requestTexts(request);
  return JSON.stringify({ model, messages: [{ role: "user", content: prompt }], stream });
}

function unary(request: Buffer): Promise<Buffer> {
  const body = bodyOf(request, false);
  if (mode === "echo") return Promise.resolve(answerWith(""));
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    send(body, {
      onPiece: (piece) => void pieces.push(piece),
      onEnd: () => {
        const [first = Buffer.alloc(0)] = pieces;
        const whole = (pieces.length === 1 ? first : Buffer.concat(pieces)).toString();
        const { choices } = JSON.parse(whole) as { choices: { message: { content: string } }[] };
        resolve(answerWith(choices[0]?.message.content ?? ""));
      },
      onError: reject,
    });
  });
}

/** Sends the delta of one event of the upstream. */
function writeDelta(call: FloorStream, sequence: number, data: string): void {
  const chunk = JSON.parse(data) as { choices: { delta: { content?: string } }[] };
  const text = chunk.choices[0]?.delta.content;
  if (!text) return;
  const delta = { sequence, attemptIndex: 1, writer: 0, partIndex: 0, text };
  call.write(encodeDelta("text-delta", delta));
}

function stream(call: FloorStream): Promise<void> {
  return new Promise((resolve, reject) => {
    const decoder = new TextDecoder();
    let sequence = 0;
    let rest = "";
    const leave = send(bodyOf(call.request, true), {
      onPiece: (piece) => {
        const text = rest + decoder.decode(piece, { stream: true });
        let from = 0;
        for (let end = text.indexOf(EVENT_END); end >= 0; end = text.indexOf(EVENT_END, from)) {
          const data = text.slice(from + DATA.length, end);
          if (data !== "[DONE]") writeDelta(call, ++sequence, data);
          from = end + EVENT_END.length;
        }
        rest = text.slice(from);
      },
      onEnd: () => {
        call.end();
        resolve();
      },
      onError: reject,
    });
    call.once("cancelled", leave);
  });
}

/** As many events as a reader of a long stream resumes, without a store. */
async function replay(call: FloorStream): Promise<void> {
  for (let sequence = 1; sequence <= REPLAYED; sequence++) {
    const delta = { sequence, attemptIndex: 1, writer: 0, partIndex: 0, text: "word " };
    const isTaken = call.write(encodeDelta("text-delta", delta));
    if (!isTaken) await new Promise((resolve) => call.once("drain", resolve));
  }
  call.end();
}

serveFloor({
  unary,
  stream: mode === "replay" ? replay : stream,
  streamed: mode === "replay" ? "ResumeStream" : "StreamGenerate",
});
