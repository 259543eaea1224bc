// Data in answers of Chat Completions that the contract cannot express.
import type { ProviderPart, ToolCallPart } from "../../domain/generation-spec.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../domain/json.ts";
import { MAX_PROVIDER_JSON_BYTES, type ProviderData } from "../../domain/provider-data.ts";
import { RawJson, rawEntries } from "./json-body.ts";
import { type DataOrigin, extraData } from "./provider-json.ts";

export const CHAT_API = "chat";

const AUDIO = "audio";
const CUSTOM = "custom";

/** Fields of a call that the contract can express. */
const KNOWN_CALL_FIELDS: ReadonlySet<string> = new Set([
  "id",
  "index",
  "type",
  "function",
  "custom",
  // Fields of a call of the older form.
  "name",
  "arguments",
]);
const KNOWN_CUSTOM_FIELDS = new Set([...KNOWN_CALL_FIELDS].filter((name) => name !== "type"));

/** Fields that the vendor adds to a call. A custom call keeps its type. */
export function callData(
  fragment: JsonObject,
  raw: () => string | undefined,
  origin: DataOrigin,
): ProviderData | undefined {
  if (!isJsonObject(fragment.custom)) return extraData(fragment, KNOWN_CALL_FIELDS, raw, origin);
  const custom = { ...fragment, type: CUSTOM };
  return extraData(custom, KNOWN_CUSTOM_FIELDS, () => undefined, origin);
}

function typeOf({ json }: ProviderData): JsonValue | undefined {
  const fields: unknown = JSON.parse(json);
  return isJsonObject(fields) ? fields.type : undefined;
}

/** Whether the vendor wrote the call as a custom call with free text. */
export function isCustomCall({ providerData }: ToolCallPart): boolean {
  return providerData !== undefined && typeOf(providerData) === CUSTOM;
}

/** Whether the part is the audio of an answer, whose message is sent back with the identifier only. */
export function isAudioPart(part: ProviderPart): boolean {
  return typeOf(part) === AUDIO;
}

/** Joins a piece of a list to the list. A piece that continues the last element is appended to it. */
function joinDetails(all: JsonObject[], piece: JsonObject): void {
  const last = all.at(-1);
  const isSame =
    last !== undefined &&
    last.type === piece.type &&
    last.index === piece.index &&
    (piece.id === undefined || piece.id === null || last.id === piece.id);
  if (!isSame) {
    all.push({ ...piece });
    return;
  }
  for (const [field, value] of Object.entries(piece)) {
    const before = last[field];
    const isText = field === "text" || field === "summary" || field === "data";
    if (isText && typeof before === "string" && typeof value === "string") {
      last[field] = before + value;
    } else if (value !== null && value !== undefined) last[field] = value;
  }
}

/** Fields of a message, from all its pieces, that the next turn must repeat, and the audio of the answer. */
export class ChatMessageData {
  readonly #origin: DataOrigin;
  #details: JsonObject[] = [];
  #rawDetails: string | undefined;
  #extra: RawJson | undefined;
  #audio: JsonObject | undefined;
  readonly #sound: string[] = [];
  #soundUnits = 0;

  constructor(origin: DataOrigin) {
    this.#origin = origin;
  }

  /** `raw` returns the JSON text of a field of the message. */
  read(message: JsonObject, raw: (field: string) => string | undefined): void {
    const { reasoning_details: details, extra_content: extra, audio } = message;
    if (Array.isArray(details) && details.length > 0) {
      this.#rawDetails = this.#details.length === 0 ? raw("reasoning_details") : undefined;
      for (const each of details) if (isJsonObject(each)) joinDetails(this.#details, each);
    }
    if (isJsonObject(extra))
      this.#extra = new RawJson(raw("extra_content") ?? JSON.stringify(extra));
    if (isJsonObject(audio)) this.#readAudio(audio);
  }

  #readAudio({ data, transcript: _, ...rest }: JsonObject): void {
    const said = Object.entries(rest).filter(([, value]) => value !== null);
    this.#audio = { ...this.#audio, ...Object.fromEntries(said) };
    if (typeof data !== "string" || data === "") return;
    this.#soundUnits += data.length;
    // Longer audio is reported as left out.
    if (this.#soundUnits - data.length <= MAX_PROVIDER_JSON_BYTES) this.#sound.push(data);
  }

  /** Each piece is complete base64. */
  #soundText(): string {
    const [first = "", ...others] = this.#sound;
    if (others.length === 0) return first;
    return Buffer.concat(this.#sound.map((piece) => Buffer.from(piece, "base64"))).toString(
      "base64",
    );
  }

  /** The audio as a part; undefined: there is none. */
  part(transcript: string): ProviderPart | undefined {
    if (this.#audio === undefined || this.#sound.length === 0) return undefined;
    const audio = { ...this.#audio, data: this.#soundText(), transcript };
    return { type: "provider", ...this.#origin, json: JSON.stringify({ type: AUDIO, audio }) };
  }

  /** Data of the message; undefined: it has none. */
  data(): ProviderData | undefined {
    const fields = new Map<string, unknown>();
    if (this.#details.length > 0) {
      const raw = this.#rawDetails;
      fields.set("reasoning_details", raw === undefined ? this.#details : new RawJson(raw));
    }
    if (this.#extra !== undefined) fields.set("extra_content", this.#extra);
    const id = this.#audio?.id;
    if (typeof id === "string") fields.set(AUDIO, { id });
    return fields.size === 0 ? undefined : { ...this.#origin, json: rawEntries(fields).text };
  }
}
