import { expect, it } from "vitest";
import { checkTexts } from "../../support/checkers/check-text.ts";

it("counts what is lost, doubled and out of order", () => {
  const figures = { lost: 0, duplicated: 0, reordered: 0 };
  const text = [0, 2, 2, 1].map((index) => `<k:${index}> `).join("");
  const about = { at: 0, consumer: "a" };
  const event = { streamId: "s.one", sequence: 1, writer: 7, digest: "d", isUndurable: false };
  checkTexts(
    [
      { ...about, type: "begin", key: "k", tokens: 3 },
      { ...about, ...event, type: "event", body: { type: "text", text } },
    ],
    figures,
  );
  expect(figures).toEqual({ lost: 1, duplicated: 1, reordered: 1 });
});
