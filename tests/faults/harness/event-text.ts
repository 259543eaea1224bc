/** The text that an event of a Chat or Messages stream adds to the answer. */
export function eventText(event: string): string {
  const data = /^data: (.*)$/m.exec(event)?.[1] ?? "";
  if (!data.startsWith("{")) return "";
  const { choices, delta } = JSON.parse(data) as {
    readonly choices?: readonly { readonly delta: { readonly content?: string } }[];
    readonly delta?: { readonly text?: string };
  };
  return choices?.[0]?.delta.content ?? delta?.text ?? "";
}
