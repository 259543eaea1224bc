/**
 * Which fields of a vendor's API go to the provider although the contract has no word for them: those that the gateway
 * knows, these and the operator's list, or all.
 */
export type FieldPass = "known" | "listed" | "all";

export const FIELD_PASSES = ["known", "listed", "all"] as const satisfies readonly FieldPass[];
