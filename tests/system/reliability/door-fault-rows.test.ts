// Every row of the engine's faults once more through each door, as the vendors' own clients see it.
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { describe, expect, it } from "vitest";
import type { FaultKind } from "../../support/conformance/expectations.ts";
import {
  type FaultRow,
  faultySpec,
  LATE_ROWS,
  type Mode,
  STATUS_ROWS,
  TOKENS,
  WIRE_ROWS,
} from "../../support/conformance/faults.ts";
import { MODES, named, useClockedStack } from "../../support/conformance/suite.ts";
import { eventually } from "../../support/stack.ts";

const stack = useClockedStack();
const IDLE_MS = 30_000;

/** The status by which a client knows each kind: at OpenAI's doors, and at Anthropic's. */
const STATUSES: Readonly<Record<FaultKind, readonly [number, number]>> = {
  unclassified: [500, 500],
  validation: [400, 400],
  context: [400, 400],
  filter: [400, 400],
  authentication: [400, 400],
  permission: [400, 400],
  quota: [429, 429],
  missing: [404, 404],
  rate: [429, 429],
  overloaded: [503, 529],
  server: [503, 503],
  once: [503, 503],
  network: [503, 503],
  unanswered: [503, 503],
  connect: [503, 503],
  firstToken: [503, 503],
  idle: [503, 503],
  total: [504, 504],
  truncated: [503, 503],
  protocol: [500, 500],
};

interface Asked {
  readonly model: string;
  readonly steer: object;
  readonly mode: Mode;
  /** Told the text of each delta. */
  readonly onText: (text: string) => void;
  readonly fetch: typeof globalThis.fetch;
  readonly maxRetries: number;
}

const messages = [{ role: "user" as const, content: "Hi" }];

/** Reads an answer to its end by the vendor's own client. */
const DOORS = {
  async chat({ model, steer, mode, onText, ...options }: Asked): Promise<void> {
    const client = new OpenAI({ baseURL: `${stack().http}/v1`, apiKey: "unused", ...options });
    const asked = { model, messages, steer };
    if (mode === "unary") await client.chat.completions.create(asked);
    else {
      const chunks = client.chat.completions.stream(asked);
      chunks.on("content", onText);
      await chunks.finalChatCompletion();
    }
  },
  async responses({ model, steer, mode, onText, ...options }: Asked): Promise<void> {
    const client = new OpenAI({ baseURL: `${stack().http}/v1`, apiKey: "unused", ...options });
    const asked = { model, input: "Hi", steer };
    if (mode === "unary") await client.responses.create(asked);
    else {
      for await (const event of await client.responses.create({ ...asked, stream: true })) {
        if (event.type === "response.output_text.delta") onText(event.delta);
      }
    }
  },
  async claude({ model, steer, mode, onText, ...options }: Asked): Promise<void> {
    const client = new Anthropic({ baseURL: stack().http, apiKey: "unused", ...options });
    const asked = { model, max_tokens: 50, messages, steer };
    if (mode === "unary") await client.messages.create(asked);
    else {
      const stream = client.messages.stream(asked);
      stream.on("text", onText);
      await stream.finalMessage();
    }
  },
} as const;

type Door = keyof typeof DOORS;

/** What one call has come to: its error, its text, and the requests of the client. */
async function outcome(door: Door, row: FaultRow, mode: Mode, maxRetries = 0) {
  await stack().reset(door);
  const { providerOptions } = faultySpec(door, row);
  const texts: string[] = [];
  const answers: Response[] = [];
  const asked: Asked = {
    model: `m-${door}`,
    steer: { providerOptions },
    mode,
    onText: (text) => void texts.push(text),
    maxRetries,
    async fetch(...request) {
      const answer = await fetch(...request);
      answers.push(answer);
      return answer;
    },
  };
  const ended = DOORS[door](asked).then(
    () => "a clean end",
    (error: unknown) => error,
  );
  if (row.kind === "idle") {
    await eventually(() => texts.length === 2);
    await stack().clock.advance(IDLE_MS);
  }
  return { error: await ended, text: texts.join(""), answers };
}

function expectOwnError(door: Door, error: unknown): void {
  const type = door === "claude" ? Anthropic.APIError : OpenAI.APIError;
  expect(error).toBeInstanceOf(type);
}

const WHOLE = Array.from({ length: TOKENS }, (_, index) => `word${index} `).join("");

describe.each(Object.keys(DOORS) as Door[])("the door of %s", (door) => {
  describe.each(MODES)("%s", (mode) => {
    const rows = named([...STATUS_ROWS, ...WIRE_ROWS], door, mode);

    it.each(rows)("%s is a status with the client's own error", async (_name, row) => {
      const { error, answers } = await outcome(door, row, mode);
      expectOwnError(door, error);
      expect(error).toMatchObject({ status: STATUSES[row.kind][door === "claude" ? 1 : 0] });
      const header = (name: string) => answers[0]?.headers.get(name) ?? null;
      const waits = row.kind === "rate" && row.hintMs !== undefined;
      expect(header("retry-after-ms")).toBe(waits ? String(Math.min(row.hintMs, 60_000)) : null);
      // A rate limit without a hint is the client's matter; nothing else gets better by being asked again.
      expect(header("x-should-retry")).toBe(row.kind === "rate" ? null : "false");
    });
  });

  it.each(named(LATE_ROWS, door, "stream"))(
    "%s after content has no clean end, and no text twice",
    async (_name, row) => {
      const { error, text } = await outcome(door, row, "stream");
      expectOwnError(door, error);
      expect(text).toMatch(/^word/);
      expect(WHOLE.startsWith(text) || text === "word").toBe(true);
    },
  );

  it("a wait that the provider asks for is waited by the client", async () => {
    const hint = { status: 429, headers: { "retry-after-ms": "40" } };
    const row = { name: "", kind: "rate", fault: hint } as const;
    const { error, answers } = await outcome(door, row, "unary", 1);
    expectOwnError(door, error);
    expect(answers.map(({ status }) => status)).toEqual([429, 429]);
  });

  it("a failure that the gateway has repeated is not repeated by the client", async () => {
    const row = { name: "", kind: "server", fault: { status: 500 } } as const;
    const { answers } = await outcome(door, row, "unary", 2);
    expect(answers.map(({ status }) => status)).toEqual([503]);
  });
});
