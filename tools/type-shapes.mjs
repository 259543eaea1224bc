// Object types by their structure: which members they have, and of which types, whatever they are called.
import { dirname, join } from "node:path";
import { Visitor } from "oxc-parser";
import { lineAt, parsed } from "./syntax.mjs";

const isDeclaration = ({ type }) => /^TS(?:Interface|TypeAlias)Declaration$/.test(type);

/** The types that a file declares, by name, and where the names come from that it imports. */
function namesOf(file) {
  const declared = new Map();
  const imported = new Map();
  for (const statement of parsed(file).program.body) {
    const node = statement.declaration ?? statement;
    if (isDeclaration(node)) declared.set(node.id.name, node);
    if (statement.type !== "ImportDeclaration") continue;
    const from = statement.source.value;
    const target = from.startsWith(".") ? join(dirname(file), from) : from;
    for (const { local, imported: original } of statement.specifiers) {
      imported.set(local.name, { file: target, name: original?.name ?? "*" });
    }
  }
  return { declared, imported };
}

const union = (parts) => [...new Set(parts)].sort().join(" | ");

/** A union of members' types as it is compared: whether a member can be missing makes no difference. */
const compared = (parts) => union(parts.filter((part) => part !== "undefined"));

/** All of a type in one text: equal texts, equal structures. */
export const textOf = (members) =>
  [...members]
    .map(([name, type]) => `${name}: ${type}`)
    .sort()
    .join("; ");

/**
 * Writes types as texts. Equal structures have equal texts: a declared type goes by the name of the first one of its
 * structure. `readonly`, `?`, `undefined`, the order of members, and whether a function is a method, make no difference.
 */
export class TypeShapes {
  /** Names by file. */
  #names;
  /** The name that a declared type goes by, by its own: `file#name`. */
  #first = new Map();
  /** Aliases that are being written: one that holds itself is not written again. */
  #open = new Set();
  /** The declared type whose members are being written: in its own text it is `self`. */
  #self;

  constructor(files) {
    this.#names = new Map(files.map((file) => [file, namesOf(file)]));
  }

  /**
   * Object types with a name or without, as `{ file, name, line, members, parents }`: `members` maps names to texts,
   * `parents` are the names of the interfaces that the type extends.
   */
  all() {
    while (this.#findCopies());
    return [...this.#names.keys()].flatMap((file) => this.#typesOf(file));
  }

  /** Finds declared types that are copies, by what is known of others; whether there were more than before. */
  #findCopies() {
    const known = new Map();
    let isNew = false;
    for (const [file, { declared }] of this.#names) {
      for (const [name, node] of declared) {
        const members = this.#declaredMembers(node, file);
        if (members === undefined || node.typeParameters) continue;
        const own = `${file}#${name}`;
        const text = textOf(members);
        if (!known.has(text)) known.set(text, own);
        const first = known.get(text);
        isNew ||= first !== (this.#first.get(own) ?? own);
        this.#first.set(own, first);
      }
    }
    return isNew;
  }

  #typesOf(file) {
    const { text, program } = parsed(file);
    const found = [];
    /** The declaration around a place. */
    let around;
    const add = (node) => {
      const isDeclared = node === around || node === around?.typeAnnotation;
      const members = isDeclared
        ? this.#declaredMembers(around, file)
        : this.#members(node.members, file);
      const line = lineAt(text, node.start);
      found.push({
        file,
        name: around?.id.name ?? "anonymous",
        line,
        members,
        parents: this.#parents(node, file),
      });
    };
    new Visitor({
      TSInterfaceDeclaration: (node) => {
        around = node;
        add(node);
      },
      TSTypeAliasDeclaration: (node) => {
        around = node;
      },
      TSTypeLiteral: add,
      "TSInterfaceDeclaration:exit": () => {
        around = undefined;
      },
      "TSTypeAliasDeclaration:exit": () => {
        around = undefined;
      },
    }).visit(program);
    return found;
  }

  /** Names of all interfaces that a type extends, by whichever way. */
  #parents(node, file) {
    return (node.extends ?? []).flatMap(({ expression }) => {
      const parent = this.#find(expression.name, file);
      if (parent?.node === undefined) return [];
      return [`${parent.file}#${parent.name}`, ...this.#parents(parent.node, parent.file)];
    });
  }

  /** Undefined for an alias of what is no object. */
  #declaredMembers(node, file) {
    const outer = this.#self;
    this.#self = `${file}#${node.id.name}`;
    const members = this.#membersOf(node, file);
    this.#self = outer;
    return members;
  }

  #membersOf({ type, body, extends: parents, typeAnnotation }, file) {
    if (type === "TSInterfaceDeclaration") {
      const inherited = parents.flatMap((parent) => this.#inherited(parent, file));
      return new Map([...inherited, ...this.#members(body.body, file)]);
    }
    if (typeAnnotation.type !== "TSTypeLiteral") return undefined;
    return this.#members(typeAnnotation.members, file);
  }

  #inherited(parent, file) {
    const found = this.#find(parent.expression.name, file);
    if (found?.node?.type === "TSInterfaceDeclaration" && !parent.typeArguments) {
      return [...this.#declaredMembers(found.node, found.file)];
    }
    return [[`extends ${this.#source(parent, file)}`, ""]];
  }

  #members(members, file) {
    return new Map(
      members.map((member) => {
        const isFunction = member.type !== "TSPropertySignature";
        const name = member.key?.name ?? member.key?.value ?? member.type;
        const parts = isFunction
          ? [this.#function(member, file)]
          : this.#parts(member.typeAnnotation?.typeAnnotation, file);
        return [name, compared(parts)];
      }),
    );
  }

  /** Of a method, a signature or a function type. */
  #function({ params, parameters, returnType, typeAnnotation }, file) {
    const types = (params ?? parameters).map((parameter) => {
      const annotated = parameter.argument ?? parameter;
      return compared(this.#parts(annotated.typeAnnotation?.typeAnnotation, file));
    });
    return `(${types.join(", ")}) => ${this.#text((returnType ?? typeAnnotation)?.typeAnnotation, file)}`;
  }

  #text(node, file) {
    return union(this.#parts(node, file));
  }

  /** The texts of the types of which one is a union. */
  #parts(node, file) {
    switch (node?.type) {
      case undefined:
        return ["any"];
      case "TSUnionType":
        return node.types.flatMap((type) => this.#parts(type, file));
      case "TSParenthesizedType":
        return this.#parts(node.typeAnnotation, file);
      case "TSTypeOperator":
        if (node.operator === "readonly") return this.#parts(node.typeAnnotation, file);
        return [this.#source(node, file)];
      case "TSArrayType":
        return [`Array<${this.#text(node.elementType, file)}>`];
      case "TSFunctionType":
        return [this.#function(node, file)];
      case "TSTypeLiteral":
        return [`{ ${textOf(this.#members(node.members, file))} }`];
      case "TSTypeReference":
        return this.#reference(node, file);
      default:
        return [this.#source(node, file)];
    }
  }

  #reference({ typeName, typeArguments }, file) {
    const given = typeArguments?.params ?? [];
    if (typeName.name === "Readonly") return this.#parts(given[0], file);
    const texts = given.map((type) => this.#text(type, file));
    const suffix = given.length === 0 ? "" : `<${texts.join(", ")}>`;
    const found = this.#find(typeName.name, file);
    if (found === undefined) {
      const name = this.#source(typeName, file).replace(/^Readonly(?=Array$|Map$|Set$)/, "");
      return [name + suffix];
    }
    if (this.#standsForAnother(found.node)) return this.#target(found);
    const own = `${found.file}#${found.name}`;
    if (own === this.#self) return [`self${suffix}`];
    return [(this.#first.get(own) ?? own) + suffix];
  }

  #standsForAnother(node) {
    const isAlias = node?.type === "TSTypeAliasDeclaration" && !node.typeParameters;
    return isAlias && node.typeAnnotation.type !== "TSTypeLiteral" && !this.#open.has(node);
  }

  /** What an alias stands for. */
  #target({ file, node }) {
    this.#open.add(node);
    const parts = this.#parts(node.typeAnnotation, file);
    this.#open.delete(node);
    return parts;
  }

  /** Where a type is declared that a file names; undefined for one of the language or a parameter. */
  #find(name, file) {
    const { declared, imported } = this.#names.get(file);
    const node = declared.get(name);
    if (node !== undefined) return { file, name, node };
    const source = imported.get(name);
    if (source === undefined) return undefined;
    return { ...source, node: this.#names.get(source.file)?.declared.get(source.name) };
  }

  #source({ start, end }, file) {
    return parsed(file).text.slice(start, end).replaceAll(/\s+/g, " ");
  }
}
