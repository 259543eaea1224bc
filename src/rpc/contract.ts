import type { Contract } from "../ports/contract.ts";
export function createContract(): Contract {
  throw new Error("later");
}
