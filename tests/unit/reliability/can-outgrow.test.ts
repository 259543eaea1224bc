import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Model } from "../../../src/domain/model.ts";
import { canOutgrow } from "../../../src/reliability/can-outgrow.ts";
import { testModel } from "../../support/provider-request.ts";

const model = (id: string, contextWindow?: number): Model =>
  testModel({ id, providerModel: id, contextWindow });

const windows = fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined });
const models = fc
  .tuple(fc.constantFrom("a", "b", "c", "d"), windows)
  .map(([id, window]) => model(id, window));

/** Attempts of a call whose every target is too small, in the listed order. */
function attempts(listed: readonly Model[]): Model[] {
  const outgrown: Model[] = [];
  for (const [index, each] of listed.entries()) {
    if (index === 0 || canOutgrow(each, outgrown)) outgrown.push(each);
  }
  return outgrown;
}

describe("canOutgrow", () => {
  it("compares known windows with the largest that was too small", () => {
    const outgrown = [model("a", 100), model("b")];
    expect(canOutgrow(model("c", 100), outgrown)).toBe(false);
    expect(canOutgrow(model("c", 101), outgrown)).toBe(true);
  });

  it("tries a model whose window is no larger if it takes more input", () => {
    const limited = { ...model("a", 1_000), maxInputTokens: 900 };
    expect(canOutgrow(model("b", 950), [limited])).toBe(true);
    expect(canOutgrow(model("b", 900), [limited])).toBe(false);
    expect(canOutgrow(model("b", 950), [limited, model("c", 950)])).toBe(false);
    // The input may have fitted, and the output not.
    expect(canOutgrow(limited, [model("b", 950)])).toBe(true);
  });

  it("tries nothing that is known to be too small, and guesses once", () => {
    fc.assert(
      fc.property(fc.array(models, { minLength: 1, maxLength: 8 }), (listed) => {
        const tried = attempts(listed);
        let most: number | undefined;
        let guesses = 0;
        for (const [index, { contextWindow }] of tried.entries()) {
          const isKnown = contextWindow !== undefined && most !== undefined;
          if (isKnown) expect(contextWindow).toBeGreaterThan(most ?? 0);
          else if (index > 0) guesses++;
          if (contextWindow !== undefined) most = Math.max(most ?? 0, contextWindow);
        }
        expect(guesses).toBeLessThanOrEqual(1);
      }),
    );
  });

  it("guesses of no model that was too small already", () => {
    expect(canOutgrow(model("a"), [model("a")])).toBe(false);
    expect(canOutgrow({ ...model("b"), providerModel: "a" }, [model("a")])).toBe(false);
    expect(canOutgrow(model("b"), [model("a")])).toBe(true);
    // An operator knows of a larger window of the same model elsewhere.
    expect(canOutgrow(model("a", 200), [model("a", 100)])).toBe(true);
  });
});
