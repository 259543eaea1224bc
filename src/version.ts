import manifest from "../package.json" with { type: "json" };

/** The service's own version, and that of its stubs and helpers. */
export const VERSION: string = manifest.version;
