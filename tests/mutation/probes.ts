// Which places of the sources a test executes. V8's own coverage does not say it here: the tests start
// the service with an environment of its own and kill it, and Vitest's code has other offsets.
import { type Expression, parseSync, type Span, Visitor } from "oxc-parser";

/** A piece of source that runs as a whole or not at all: a statement, or one side of a choice. */
export interface Probe extends Span {
  readonly form: "statement" | "inner statement" | "expression";
  /** It runs when the file is loaded. */
  readonly isTop: boolean;
}

/** The pieces of a file, outer ones before those within them. */
export function findProbes(file: string, text: string): readonly Probe[] {
  const probes: Probe[] = [];
  const functions: Span[] = [];
  const put = (form: Probe["form"], { start, end }: Span): void => {
    probes.push({ form, start, end, isTop: false });
  };
  const each = (form: Probe["form"], nodes: readonly Span[]): void => {
    for (const node of nodes) put(form, node);
  };
  const inner = (node: (Span & { readonly type: string }) | null): void => {
    if (node !== null && node.type !== "BlockStatement") put("inner statement", node);
  };
  const initial = (value: Expression | null): void => {
    if (value === null) return;
    functions.push(value);
    put("expression", value);
  };
  new Visitor({
    Program({ body }) {
      // An import runs before all statements, and a type never.
      each(
        "statement",
        body.filter(({ type }) => !/^Import|^TS|^ExportAll/.test(type)),
      );
    },
    BlockStatement: ({ body }) => each("statement", body),
    StaticBlock: ({ body }) => each("statement", body),
    SwitchCase: ({ consequent }) => each("statement", consequent),
    IfStatement({ consequent, alternate }) {
      inner(consequent);
      inner(alternate);
    },
    ForStatement: ({ body }) => inner(body),
    ForInStatement: ({ body }) => inner(body),
    ForOfStatement: ({ body }) => inner(body),
    WhileStatement: ({ body }) => inner(body),
    DoWhileStatement: ({ body }) => inner(body),
    FunctionExpression: (node) => void functions.push(node),
    FunctionDeclaration: (node) => void functions.push(node),
    ArrowFunctionExpression(node) {
      functions.push(node);
      if (node.body.type !== "BlockStatement") put("expression", node.body);
    },
    ConditionalExpression: ({ consequent, alternate }) =>
      each("expression", [consequent, alternate]),
    LogicalExpression: ({ right }) => put("expression", right),
    AssignmentPattern: ({ right }) => put("expression", right),
    PropertyDefinition: ({ value, static: isStatic }) => (isStatic ? undefined : initial(value)),
  }).visit(parseSync(file, text).program);
  const within = (inside: Span): boolean =>
    functions.some((outside) => outside.start <= inside.start && inside.end <= outside.end);
  return probes
    .map((probe) => ({ ...probe, isTop: !within(probe) }))
    .toSorted((a, b) => a.start - b.start || b.end - a.end);
}

/** The smallest piece around a place; -1: none runs. */
export function probeAround(probes: readonly Probe[], { start, end }: Span): number {
  return probes.findLastIndex((probe) => probe.start <= start && end <= probe.end);
}

/** The text so that each piece says its number, from `first` on, to the module at `recorder`. */
export function probedText(
  text: string,
  probes: readonly Probe[],
  first: number,
  recorder: string,
): string {
  const inserts = probes.flatMap(({ form, start, end }, index) => {
    const say = `__ran(${first + index})`;
    const length = end - start;
    if (form === "statement") return [{ at: start, order: -length, text: `${say};` }];
    const [open, close] = form === "expression" ? [`(${say},`, ")"] : [`{${say};`, "}"];
    // At one place what ends comes before what begins, and the smaller piece is the inner one.
    return [
      { at: start, order: -length, text: open },
      { at: end, order: length - text.length - 1, text: close },
    ];
  });
  inserts.sort((a, b) => a.at - b.at || a.order - b.order);
  let result = `import { ran as __ran } from ${JSON.stringify(recorder)};`;
  let done = 0;
  for (const insert of inserts) {
    result += text.slice(done, insert.at) + insert.text;
    done = insert.at;
  }
  return result + text.slice(done);
}
