import { generateLoad, PROMPT } from "../calls.ts";
import { callCost } from "../costs.ts";
import { beside, interleave } from "../measure.ts";
import type { Served } from "../processes.ts";
import type { Row } from "../report.ts";
import type { Leg } from "../scene.ts";
import { grpcSubject } from "../subject.ts";

const PROSE = "The lamp of the north goes out, and nobody has seen who did it. ";

interface Case {
  readonly about: string;
  readonly model: string;
  readonly prompt: string;
}

const prose = (bytes: number): string => PROSE.repeat(bytes / PROSE.length);

const CASES: readonly Case[] = [
  { about: "answer of 1 KB", model: "answer-1k", prompt: PROMPT },
  { about: "answer of 16 KB", model: "answer-16k", prompt: PROMPT },
  { about: "prompt of 4 KB, answer of 1 KB", model: "answer-1k", prompt: prose(4_096) },
  { about: "prompt of 64 KB, answer of 1 KB", model: "answer-1k", prompt: prose(65_536) },
];

export const sizes: Leg = {
  name: "sizes",
  about:
    "CPU of unary calls with the sizes of real ones, beside grpc-js that gives the same answer",
  async run(scene) {
    const gateway = await scene.gateway();
    const floors: Record<string, Served> = {
      "answer-1k": await scene.floor("unary", gateway, "answer-1k"),
      "answer-16k": await scene.floor("unary", gateway, "answer-16k"),
    };
    const rows: Row[] = [];
    for (const { about, model, prompt } of CASES) {
      const cost = ({ server, address }: Served) => {
        const subject = grpcSubject(server, generateLoad(address, { model, prompt }));
        return () => callCost(subject, scene.slotMs);
      };
      const floor = floors[model];
      if (floor === undefined) throw new Error(`no floor for ${model}`);
      const of = await interleave({ gateway: cost(gateway), floor: cost(floor) });
      rows.push({ figure: `unary, ${about}`, unit: "µs/call", ...beside(of.gateway, of.floor) });
    }
    return rows;
  },
};
