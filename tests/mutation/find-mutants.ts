import { type Expression, parseSync, type Span, Visitor, type VisitorObject } from "oxc-parser";
import { EXCHANGES } from "./exchanges.ts";
import type { Mutant, MutantKind } from "./mutant.ts";
import { skippedSpans } from "./skipped-spans.ts";

type Add = (kind: MutantKind, span: Span, replacement: string) => void;

/** Up to here a number is more often a count than a length of time: its neighbour is another number. */
const SMALL = 10;

/**
 * All mutants of a file that could be loaded, in the order of their places. Types, imports, keys,
 * comments and log texts have none.
 */
export function findMutants(file: string, text: string): Mutant[] {
  const { program, errors } = parseSync(file, text);
  if (errors[0] !== undefined) throw new Error(`${file}: ${errors[0].message}`);
  const skipped = skippedSpans(program, text);
  const found = new Map<string, Mutant>();
  const add: Add = (kind, { start, end }, replacement) => {
    const original = text.slice(start, end);
    if (original === replacement) return;
    if (skipped.some((span) => span.start <= start && end <= span.end)) return;
    const before = text.slice(0, start);
    const line = before.split("\n").length;
    const column = start - before.lastIndexOf("\n");
    found.set(`${start}-${end}:${replacement}`, {
      file,
      start,
      end,
      replacement,
      kind,
      line,
      column,
      original,
    });
  };
  for (const visits of [conditions, operators, values, statements]) {
    new Visitor(visits(text, add)).visit(program);
  }
  return [...found.values()].toSorted(
    (a, b) => a.start - b.start || a.end - b.end || (a.replacement < b.replacement ? -1 : 1),
  );
}

/** Where an operator or a `?.` stands between two nodes. */
function between(text: string, from: Span, to: Span, token: string): Span {
  const start = text.indexOf(token, from.end);
  if (start === -1 || start + token.length > to.start) {
    throw new Error(`no ${token} between ${from.end} and ${to.start}`);
  }
  return { start, end: start + token.length };
}

function conditions(text: string, add: Add): VisitorObject {
  const source = ({ start, end }: Span): string => text.slice(start, end);
  const branch = (test: Expression): void => {
    if (test.type === "Literal") return;
    add("condition", test, "true");
    add("condition", test, "false");
    add("condition", test, `!(${source(test)})`);
  };
  const loop = (test: Expression | null): void => {
    if (test !== null && test.type !== "Literal") add("condition", test, "false");
  };
  return {
    IfStatement: ({ test }) => branch(test),
    ConditionalExpression: ({ test }) => branch(test),
    // A loop without an end says nothing but that the time is limited.
    WhileStatement: ({ test }) => loop(test),
    DoWhileStatement: ({ test }) => loop(test),
    ForStatement: ({ test }) => loop(test),
  };
}

function isText(node: Expression): boolean {
  if (node.type === "TemplateLiteral") return true;
  if (node.type === "Literal") return typeof node.value === "string";
  return (
    node.type === "BinaryExpression" &&
    node.operator === "+" &&
    (isText(node.left) || isText(node.right))
  );
}

function operators(text: string, add: Add): VisitorObject {
  const source = ({ start, end }: Span): string => text.slice(start, end);
  const exchange = (operator: string, left: Span, right: Span): void => {
    const [kind, others] = EXCHANGES[operator] ?? ["comparison", []];
    if (others.length === 0) return;
    for (const other of others) add(kind, between(text, left, right, operator), other);
  };
  return {
    BinaryExpression(node) {
      const { left, operator, right } = node;
      if (operator === "instanceof" || operator === "in") {
        add("comparison", node, `!(${source(node)})`);
      } else if (!(operator === "+" && isText(node))) exchange(operator, left, right);
    },
    LogicalExpression(node) {
      const { left, operator, right } = node;
      if (operator === "??") {
        add("logic", node, source(left));
        add("logic", node, source(right));
      } else exchange(operator, left, right);
    },
    AssignmentExpression: ({ operator, left, right }) => exchange(operator, left, right),
    UpdateExpression(node) {
      const other = node.operator === "++" ? "--" : "++";
      const argument = source(node.argument);
      add("assignment", node, node.prefix ? other + argument : argument + other);
    },
    UnaryExpression(node) {
      if (["!", "-", "~"].includes(node.operator)) add("unary", node, source(node.argument));
    },
    MemberExpression({ object, property, optional, computed }) {
      if (!optional) return;
      add("optional chain", between(text, object, property, "?."), computed ? "" : ".");
    },
    CallExpression({ callee, optional }) {
      if (!optional) return;
      const start = text.indexOf("?.", callee.end);
      add("optional chain", { start, end: start + 2 }, "");
    },
    AssignmentPattern: ({ left, right }) => add("default", { start: left.end, end: right.end }, ""),
  };
}

function values(_text: string, add: Add): VisitorObject {
  return {
    Literal(node) {
      const { value } = node;
      if (typeof value === "boolean") add("literal", node, String(!value));
      if (typeof value === "string") add("literal", node, value === "" ? '"mutated"' : '""');
      if (typeof value === "bigint") add("literal", node, value === 0n ? "1n" : "0n");
      if (typeof value !== "number") return;
      add("literal", node, value === 0 ? "1" : "0");
      if (value !== 0 && value <= SMALL) add("literal", node, String(value + 1));
    },
    TemplateLiteral(node) {
      if (node.start + 2 < node.end) add("literal", node, "``");
    },
    ArrayExpression(node) {
      if (node.elements.length > 0) add("collection", node, "[]");
    },
    ObjectExpression(node) {
      if (node.properties.length === 0) return;
      add("collection", node, "{}");
    },
  };
}

function statements(_text: string, add: Add): VisitorObject {
  return {
    ExpressionStatement(node) {
      const { expression } = node;
      if (expression.type === "AwaitExpression") {
        const { argument } = expression;
        const to = { start: expression.start, end: argument.start };
        add("await", to, "");
      }
      const isSuper = expression.type === "CallExpression" && expression.callee.type === "Super";
      if (!isSuper) add("statement", node, ";");
    },
    ThrowStatement: (node) => add("statement", node, ";"),
    ContinueStatement: (node) => add("statement", node, ";"),
    ReturnStatement(node) {
      if (node.argument !== null && !isNothing(node.argument)) add("return", node, "return;");
    },
  };
}

/** A caller finds it to be as much as no value; what it says is the mutant of the literal. */
function isNothing(node: Expression): boolean {
  return node.type === "Literal"
    ? node.value === false
    : node.type === "Identifier" && node.name === "undefined";
}
