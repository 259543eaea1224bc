// One line per provider type; the export name is the type's name in the configuration.
export { anthropic } from "./anthropic/provider.ts";
export { openai } from "./openai/provider.ts";
export { simulator } from "./simulator/provider.ts";
export { xai } from "./xai/provider.ts";
