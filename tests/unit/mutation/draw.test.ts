import { expect, test } from "vitest";
import { draw } from "../../mutation/draw.ts";

const hundred = Array.from({ length: 100 }, (_, index) => index);

test("the same seed draws the same, in this and in every other run", () => {
  expect(draw(hundred, 8, 1)).toEqual(draw(hundred, 8, 1));
  expect(draw(hundred, 8, 1)).toMatchInlineSnapshot(`
    [
      26,
      42,
      27,
      63,
      7,
      39,
      10,
      41,
    ]
  `);
});

test("another seed draws others", () => {
  expect(draw(hundred, 8, 2)).not.toEqual(draw(hundred, 8, 1));
});

test("a longer draw begins with a shorter one", () => {
  expect(draw(hundred, 40, 7).slice(0, 10)).toEqual(draw(hundred, 10, 7));
});

test("nothing is drawn twice, and all of it at most", () => {
  expect(draw(hundred, 500, 3).toSorted((a, b) => a - b)).toEqual(hundred);
});
