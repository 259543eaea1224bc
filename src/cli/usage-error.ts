/** A mistake on the command line, or in the variables that it reads: exit status 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
