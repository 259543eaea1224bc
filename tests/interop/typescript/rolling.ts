// Calls without a pause, while replicas are restarted.
import { existsSync } from "node:fs";
import { generate, streamGenerate } from "../../../clients/typescript/steer.ts";
import { connect, setting, specOf, textOf } from "./calls.ts";

/** So many streams and unary calls at a time, until the runner writes its file. */
export async function rolling() {
  const endFile = setting("STEER_END_FILE");
  const client = connect();
  const request = { spec: specOf() };
  const counts = { calls: 0, streams: 0 };
  const texts: Record<string, number> = {};
  const failures: string[] = [];

  async function repeat(kind: keyof typeof counts, once: () => Promise<string>): Promise<void> {
    while (!existsSync(endFile)) {
      try {
        const text = await once();
        texts[text] = (texts[text] ?? 0) + 1;
        counts[kind]++;
      } catch (error) {
        failures.push(String(error));
      }
    }
  }

  async function stream(): Promise<string> {
    let sequence = 0;
    let text = "";
    for await (const event of streamGenerate(client, request)) {
      sequence++;
      if (event.sequence !== sequence) failures.push(`event ${event.sequence} not ${sequence}`);
      if (event.event.case === "attemptNotice" && event.event.value.discardOutput) text = "";
      if (event.event.case === "textDelta") text += event.event.value.text;
    }
    return text;
  }

  const unary = async () => textOf(await generate(client, request));
  await Promise.all([
    ...Array.from({ length: Number(setting("STEER_LOOPS")) }, () => repeat("calls", unary)),
    ...Array.from({ length: Number(setting("STEER_STREAMS")) }, () => repeat("streams", stream)),
  ]);
  client.close();
  return { ...counts, texts, failures };
}
