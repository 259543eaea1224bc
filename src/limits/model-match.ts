import type { Model } from "../domain/model.ts";

/** Whether a model has a name: its identifier, or `provider/model`. `*` stands for any text. */
export function createModelMatch(
  pattern: string,
): (model: Pick<Model, "id" | "provider">) => boolean {
  const parts = pattern.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const expression = new RegExp(`^${parts.join(".*")}$`, "u");
  return ({ id, provider }) => expression.test(id) || expression.test(`${provider}/${id}`);
}
