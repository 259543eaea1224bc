// Short forms of request messages, for tests that check the requests at a server.

interface Part {
  readonly data: { readonly case: string; readonly value: object };
  readonly cacheHint?: { readonly ttl: string };
}

export interface TestMessage {
  readonly role: number;
  readonly parts: readonly Part[];
}

const part = (name: string, value: object): Part => ({ data: { case: name, value } });

export const words = (text: string): Part => part("text", { text });
export const toolCall = (id: string, argumentsJson = "{}"): Part =>
  part("toolCall", { id, name: "f", argumentsJson });
export const toolResult = (toolCallId: string, text = "r"): Part =>
  part("toolResult", { toolCallId, content: [words(text)] });
export const reasoningOf = (provider: string, text: string): Part =>
  part("reasoning", { text, provider });

export const user = (...parts: readonly Part[]): TestMessage => ({ role: 2, parts });
export const assistant = (...parts: readonly Part[]): TestMessage => ({ role: 3, parts });
export const toolMessage = (...parts: readonly Part[]): TestMessage => ({ role: 4, parts });

/** The tool `f`, with a schema. */
export function toolF(parametersJsonSchema = '{"type":"object"}') {
  return { kind: { case: "function" as const, value: { name: "f", parametersJsonSchema } } };
}
