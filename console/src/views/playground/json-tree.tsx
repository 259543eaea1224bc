const MAX_MEMBERS = 100;
const MAX_DEPTH = 32;
const MAX_STRING = 2_000;

function clipped(text: string): string {
  return text.length > MAX_STRING ? `${text.slice(0, MAX_STRING)}…` : text;
}

function Scalar({ value }: { value: unknown }) {
  const type = value === null ? "null" : typeof value;
  const text = typeof value === "string" ? JSON.stringify(clipped(value)) : String(value);
  return <span class={`json-${type}`}>{text}</span>;
}

interface Named {
  readonly name: string;
  readonly value: unknown;
  readonly depth: number;
}

function Branch({ name, value, depth }: Named & { readonly value: object }) {
  const all = Object.entries(value);
  const shown = depth >= MAX_DEPTH ? [] : all.slice(0, MAX_MEMBERS);
  const [open, close] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  return (
    <li>
      <span class="json-key">{name}</span> {open}
      <ul>
        {shown.map(([key, member]) => (
          <Node key={key} name={key} value={member} depth={depth + 1} />
        ))}
        {all.length > shown.length && <li class="quiet">… {all.length - shown.length} more</li>}
      </ul>
      {close}
    </li>
  );
}

function Node({ name, value, depth }: Named) {
  if (typeof value === "object" && value !== null) {
    return <Branch name={name} value={value} depth={depth} />;
  }
  return (
    <li>
      <span class="json-key">{name}</span> <Scalar value={value} />
    </li>
  );
}

/** JSON documents as a tree, as far as they have arrived. */
export function JsonTree({ documents }: { documents: readonly unknown[] }) {
  return (
    <ul class="json-tree" aria-label="JSON">
      {documents.map((value, index) => (
        <Node key={index} name={`document ${index}`} value={value} depth={0} />
      ))}
    </ul>
  );
}
