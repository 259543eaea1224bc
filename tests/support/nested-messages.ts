import type { DescMessage, Message } from "@bufbuild/protobuf";
import { isReflectMessage, type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";

/** A message in another. */
export interface NestedMessage {
  readonly schema: DescMessage;
  readonly message: Message;
  /** Path in the outermost message, as errors name fields. */
  readonly path: string;
}

/** Every message inside a message, an outer one before the messages in it. */
export function nestedMessages(schema: DescMessage, message: Message): readonly NestedMessage[] {
  const found: NestedMessage[] = [];

  function add(value: unknown, path: string): void {
    if (!isReflectMessage(value)) return;
    found.push({ schema: value.desc, message: value.message, path });
    visit(value, `${path}.`);
  }

  function visit(outer: ReflectMessage, prefix: string): void {
    for (const field of outer.fields) {
      if (field.message === undefined || !outer.isSet(field)) continue;
      const path = `${prefix}${field.name}`;
      switch (field.fieldKind) {
        case "message":
          add(outer.get(field), path);
          break;
        case "list":
          for (const [index, element] of outer.get(field).entries())
            add(element, `${path}[${index}]`);
          break;
        case "map":
          for (const [key, value] of outer.get(field))
            add(value, `${path}[${JSON.stringify(key)}]`);
          break;
      }
    }
  }

  visit(reflect(schema, message), "");
  return found;
}
