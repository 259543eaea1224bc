import { Role } from "../../gen/es/steer/v1/content_pb.js";
import { generateLoad, PROMPT, unaryLoad } from "../calls.ts";
import { callCost } from "../costs.ts";
import { type Besides, beside, interleave } from "../measure.ts";
import type { Served } from "../processes.ts";
import type { Row } from "../report.ts";
import type { Leg, Scene } from "../scene.ts";
import { grpcSubject, type Subject } from "../subject.ts";

const MODELS = 5_000;
const MESSAGES = 100;
const TOOLS = 100;
const PROMPT_BYTES = 65_536;

function conversation(count: number) {
  const part = { data: { case: "text", value: { text: PROMPT } } } as const;
  return Array.from({ length: count }, () => ({ role: Role.USER, parts: [part] }));
}

function tools(count: number) {
  const parametersJsonSchema = JSON.stringify({
    type: "object",
    properties: { city: { type: "string" }, days: { type: "integer" } },
    required: ["city"],
  });
  return Array.from({ length: count }, (_, tool) => {
    const value = {
      name: `forecast_${tool}`,
      description: "The weather of a city.",
      parametersJsonSchema,
    };
    return { kind: { case: "function", value } } as const;
  });
}

/** Every call of the subject is refused. */
function refused(subject: Subject): Subject {
  return {
    ...subject,
    open() {
      const client = subject.open();
      const call = async (): Promise<void> => {
        const isRefused = await client.call().then(
          () => false,
          () => true,
        );
        if (!isRefused) throw new Error("a call for an unknown model was served");
      };
      return { ...client, call };
    },
  };
}

function measure(scene: Scene, of: Readonly<Record<"many" | "few", Subject>>) {
  return interleave({
    many: () => callCost(of.many, scene.slotMs),
    few: () => callCost(of.few, scene.slotMs),
  });
}

/** What one more of something adds to a call. */
function perOne(
  of: Record<"many" | "few", readonly number[]>,
  more: number,
): Omit<Besides, "floor"> {
  const { value, floor, rounds } = beside(of.many, of.few);
  return { value: (value - floor) / more, rounds };
}

async function ofModels(scene: Scene, few: Served): Promise<Row[]> {
  const many = await scene.gateway({}, { models: MODELS });
  const known = await measure(scene, {
    many: grpcSubject(many.server, unaryLoad(many.address, `model-${MODELS - 1}`)),
    few: grpcSubject(few.server, unaryLoad(few.address, "bench")),
  });
  const unknown = await measure(scene, {
    many: refused(grpcSubject(many.server, unaryLoad(many.address, "modal-1"))),
    few: refused(grpcSubject(few.server, unaryLoad(few.address, "modal-1"))),
  });
  await many.server.stop();
  const least = beside(unknown.many, unknown.few);
  return [
    {
      figure: "unary, 5,000 models beside a dozen",
      unit: "µs/call",
      ...beside(known.many, known.few),
    },
    {
      figure: "unknown model, 5,000 models beside a dozen",
      unit: "ms/call",
      value: least.value / 1_000,
      floor: least.floor / 1_000,
      bar: { of: "value", most: 0.1 },
      target: "growth",
      rounds: { value: unknown.many, floor: unknown.few },
      note: "rounds in µs",
    },
  ];
}

export const growth: Leg = {
  name: "growth",
  about: "CPU that models, messages, tools and bytes of the prompt add to a unary call",
  async run(scene) {
    const few = await scene.gateway();
    const { server, address } = few;
    const rows = await ofModels(scene, few);
    const load = (spec: Parameters<typeof generateLoad>[1]) =>
      grpcSubject(server, generateLoad(address, { model: "bench", ...spec }));
    const messages = await measure(scene, {
      many: load({ messages: conversation(MESSAGES) }),
      few: load({ messages: conversation(1) }),
    });
    const withTools = await measure(scene, {
      many: load({ prompt: PROMPT, tools: tools(TOOLS) }),
      few: load({ prompt: PROMPT }),
    });
    const bytes = await measure(scene, {
      many: load({ prompt: PROMPT.repeat(PROMPT_BYTES / PROMPT.length) }),
      few: load({ prompt: PROMPT }),
    });
    const perByte = perOne(bytes, PROMPT_BYTES);
    return [
      ...rows,
      {
        figure: "each message of a conversation of 100",
        unit: "µs/message",
        ...perOne(messages, MESSAGES - 1),
        note: "rounds are whole calls, with 100 and with one",
      },
      {
        figure: "each of 100 tools",
        unit: "µs/tool",
        ...perOne(withTools, TOOLS),
        note: "rounds are whole calls, with 100 and with none",
      },
      {
        figure: "each byte of a prompt of 64 KB",
        unit: "ns/byte",
        ...perByte,
        value: perByte.value * 1_000,
        note: "rounds are whole calls in µs, with 64 KB and with 28 bytes",
      },
    ];
  },
};
