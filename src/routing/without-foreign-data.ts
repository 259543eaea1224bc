import type { Message, Part } from "../domain/generation-spec.ts";
import type { Model } from "../domain/model.ts";
import { isDataFor, type ProviderData } from "../domain/provider-data.ts";
import type { Warning } from "../domain/warning.ts";
import type { WarningReason } from "../domain/warning-reasons.ts";

/** Messages for a target, and paths of the data that was left out. */
export interface OwnData {
  /** The same array if nothing was left out. */
  readonly messages: readonly Message[];
  readonly parts: readonly string[];
  /** Paths of parts, calls and messages that stay without their data. */
  readonly data: readonly string[];
}

class DataFitter {
  readonly #model: Model;
  readonly parts: string[] = [];
  readonly data: string[] = [];

  constructor(model: Model) {
    this.#model = model;
  }

  #isOwn(data: ProviderData): boolean {
    return isDataFor(data, this.#model.providerType, this.#model.dialect);
  }

  /** The parts for the target; the same array if nothing is foreign. */
  all(parts: readonly Part[], path: string): readonly Part[] {
    let isSame = true;
    const kept: Part[] = [];
    for (const [index, part] of parts.entries()) {
      const own = this.#part(part, `${path}[${index}]`);
      if (own !== part) isSame = false;
      if (own !== undefined) kept.push(own);
    }
    return isSame ? parts : kept;
  }

  #part(part: Part, path: string): Part | undefined {
    if (part.type === "provider") {
      if (this.#isOwn(part)) return part;
      this.parts.push(path);
      return undefined;
    }
    const own = this.#withoutAnnotations(this.#withoutData(part, path), path);
    if (own.type !== "tool-result") return own;
    const content = this.all(own.content, `${path}.tool_result.content`);
    return content === own.content ? own : { ...own, content };
  }

  #withoutData<T extends Part | Message>(source: T, path: string): T {
    if (source.providerData === undefined || this.#isOwn(source.providerData)) return source;
    this.data.push(path);
    const { providerData: _, ...rest } = source;
    return rest as T;
  }

  /**
   * Annotations are sent back to the provider that wrote them, if it accepts them. Annotations without provider JSON
   * are not.
   */
  #withoutAnnotations(part: Part, path: string): Part {
    if (part.type !== "text" || part.annotations === undefined) return part;
    const isForeign = ({ providerData }: { readonly providerData?: ProviderData }): boolean =>
      providerData === undefined || !this.#isOwn(providerData) || !this.#model.goesBack.annotations;
    if (!part.annotations.some(isForeign)) return part;
    this.data.push(`${path}.text.annotations`);
    const { annotations, ...rest } = part;
    const own = annotations.filter((each) => !isForeign(each));
    return own.length === 0 ? rest : { ...rest, annotations: own };
  }

  message(message: Message, path: string): Message | undefined {
    const own = this.#withoutData(message, path);
    const parts = this.all(own.parts, `${path}.parts`);
    if (parts === own.parts) return own;
    return parts.length === 0 ? undefined : { ...own, parts };
  }
}

/**
 * Leaves out parts and data that only providers of another type or dialect can read, and messages that are empty
 * without them.
 */
export function withoutForeignData(messages: readonly Message[], model: Model): OwnData {
  const fitter = new DataFitter(model);
  let isSame = true;
  const kept: Message[] = [];
  for (const [index, message] of messages.entries()) {
    const own = fitter.message(message, `messages[${index}]`);
    if (own !== message) isSame = false;
    if (own !== undefined) kept.push(own);
  }
  const { parts, data } = fitter;
  return { messages: isSame ? messages : kept, parts, data };
}

function dropped(
  reason: WarningReason,
  what: string,
  paths: readonly string[],
  { provider, id }: Model,
): Warning[] {
  const [field] = paths;
  if (field === undefined) return [];
  const message = `${provider}/${id} does not take these ${what} of an answer: ${paths.length} left out, the first at ${field}`;
  return [{ reason, message, field }];
}

/** The warnings for parts and data that were left out. */
export function foreignWarnings({ parts, data }: OwnData, model: Model): readonly Warning[] {
  return [
    ...dropped("PROVIDER_PART_DROPPED", "parts", parts, model),
    ...dropped("PROVIDER_DATA_DROPPED", "data", data, model),
  ];
}
