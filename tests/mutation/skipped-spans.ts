import { type Program, type Span, Visitor } from "oxc-parser";

/** Functions that write what only people read: what they are called. */
const LOGS = /^#?(?:log|logger|warn|debug)$/;

/** Where a mutant would say nothing of the service: types, imports, keys, and the texts of the log. */
export function skippedSpans(program: Program, text: string): readonly Span[] {
  const spans: Span[] = [];
  const skip = (span: Span | null): void => {
    if (span !== null) spans.push(span);
  };
  new Visitor({
    TSTypeAnnotation: skip,
    TSTypeAliasDeclaration: skip,
    TSInterfaceDeclaration: skip,
    TSTypeParameterInstantiation: skip,
    TSTypeParameterDeclaration: skip,
    TSAsExpression: ({ typeAnnotation }) => skip(typeAnnotation),
    TSSatisfiesExpression: ({ typeAnnotation }) => skip(typeAnnotation),
    ImportDeclaration: skip,
    ImportExpression: ({ source }) => skip(source),
    ExportAllDeclaration: skip,
    ExportNamedDeclaration: ({ source }) => skip(source),
    Property: ({ key, computed }) => skip(computed ? null : key),
    MethodDefinition: ({ key, computed }) => skip(computed ? null : key),
    PropertyDefinition: ({ key, computed }) => skip(computed ? null : key),
    NewExpression(node) {
      // A path to a file of the sources, as in an import.
      if (text.slice(node.start, node.end).includes("import.meta.url")) skip(node);
    },
    CallExpression({ callee, arguments: args }) {
      const name =
        callee.type === "Identifier"
          ? callee.name
          : callee.type === "MemberExpression" && !callee.computed
            ? callee.property.name
            : "";
      if (!LOGS.test(name)) return;
      for (const argument of args) {
        if (argument.type === "TemplateLiteral" || argument.type === "Literal") skip(argument);
      }
    },
  }).visit(program);
  return spans;
}
