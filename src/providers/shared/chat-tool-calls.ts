import { isJsonObject, type JsonObject, type JsonValue } from "../../domain/json.ts";
import { protocolError } from "./http-error.ts";
import type { OpenPart, PartWriter } from "./part-writer.ts";

/** A call whose identifier or name has not come yet keeps its fragments. */
interface Call {
  id: string;
  name: string;
  held: string;
  part: OpenPart | undefined;
}

/** The tool calls of one answer. Servers differ in what identifies a fragment. */
export interface ChatToolCalls {
  /** Calls begun. */
  count(): number;
  /** `tool_calls` of a delta or of a whole message. */
  read(calls: JsonValue | undefined): void;
  /** `responseId` makes identifiers of calls that came without one unique. */
  end(responseId: string): void;
}

function text(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : "";
}

export function createChatToolCalls(writer: PartWriter): ChatToolCalls {
  const calls: Call[] = [];
  const byIndex = new Map<number, Call>();

  function start(id: string): Call {
    const call: Call = { id, name: "", held: "", part: undefined };
    calls.push(call);
    return call;
  }

  /** By index, else by identifier; a name without either begins a call. */
  function find(fragment: JsonObject, id: string, name: string): Call {
    if (typeof fragment.index === "number") {
      const known = byIndex.get(fragment.index);
      // Whole calls that repeat an index are told apart by their identifiers.
      const other = known !== undefined && id !== "" && known.id !== "" && known.id !== id;
      if (known !== undefined && !(other && name !== "")) return known;
      const call = start(id);
      byIndex.set(fragment.index, call);
      return call;
    }
    const known = id === "" ? undefined : calls.find((call) => call.id === id);
    const last = calls.at(-1);
    if (known !== undefined) return known;
    return id === "" && name === "" && last !== undefined ? last : start(id);
  }

  function open(call: Call): void {
    call.part = writer.openToolCall(call.id, call.name, call.held);
    call.held = "";
  }

  function readCall(fragment: JsonObject): void {
    const given = isJsonObject(fragment.function) ? fragment.function : fragment.custom;
    const called: JsonObject = isJsonObject(given) ? given : {};
    const id = text(fragment.id);
    const name = text(called.name);
    const call = find(fragment, id, name);
    call.id ||= id;
    call.name ||= name;
    const piece = text(called.arguments) || text(called.input);
    if (call.part !== undefined) return call.part.append(piece);
    call.held += piece;
    if (call.id !== "" && call.name !== "") open(call);
  }

  return {
    count: () => calls.filter((call) => call.part !== undefined).length,
    read(value) {
      if (!Array.isArray(value)) return;
      for (const fragment of value) if (isJsonObject(fragment)) readCall(fragment);
    },
    end(responseId) {
      for (const [position, call] of calls.entries()) {
        if (call.part === undefined) {
          if (call.name === "" && call.held === "") continue;
          if (call.name === "") throw protocolError("a tool call of the provider has no name");
          call.id ||= `call_${responseId.slice(0, 128)}_${position}`;
          open(call);
        }
        call.part?.end();
      }
    },
  };
}
