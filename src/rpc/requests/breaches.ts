import type { FieldViolation } from "../../domain/gateway-error.ts";

/** More violations than these are not named. */
const MAX_VIOLATIONS = 20;

/** What a message breaks, in the order of its fields. */
export class Breaches {
  readonly found: FieldViolation[] = [];

  /** Whether no more are named, so that there is no need to look for them. */
  get isFull(): boolean {
    return this.found.length === MAX_VIOLATIONS;
  }

  /** `field`: the path in the outermost message; "": the message as a whole. */
  add(field: string, description: string): void {
    if (!this.isFull) this.found.push({ field, description });
  }
}
