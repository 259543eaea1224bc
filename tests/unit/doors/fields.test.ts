import { describe, expect, it } from "vitest";
import type { JsonObject, JsonValue } from "../../../src/domain/json.ts";
import { Fields } from "../../../src/doors/shared/fields.ts";
import { mediaSource, mediaUrl } from "../../../src/doors/shared/media-source.ts";

type Reader = {
  [Name in keyof Fields]: Fields[Name] extends (name: string) => unknown ? Name : never;
}[keyof Fields];

describe("a field of a request", () => {
  it.each<[Reader, JsonValue, unknown]>([
    ["text", "a", "a"],
    ["requiredText", "a", "a"],
    ["flag", false, false],
    ["number", 0.5, 0.5],
    ["integer", 7, 7],
    ["list", [1], [1]],
    ["texts", "a", ["a"]],
    ["texts", ["a", "b"], ["a", "b"]],
  ])("is read as %s", (reader, value, read) => {
    const fields = new Fields({ x: value }, "outer");
    expect(fields[reader]("x")).toEqual(read);
    expect(fields.rest()).toEqual({});
  });

  it.each<[Reader, JsonValue, string]>([
    ["text", 1, "must be a string"],
    ["requiredText", "", "a string is required"],
    ["flag", "true", "must be true or false"],
    ["number", "1", "must be a number"],
    ["integer", 0.5, "must be a whole number"],
    ["integer", 2 ** 53, "must be a whole number"],
    ["object", [], "must be an object"],
    ["list", {}, "must be a list"],
    ["texts", ["a", 1], "must be a string or a list of strings"],
  ])("is refused as %s by its path: %j", (reader, value, description) => {
    const fields = new Fields({ x: value }, "outer");
    const violations = [{ field: "outer.x", description }];
    expect(() => fields[reader]("x")).toThrow(expect.objectContaining({ violations }));
  });

  it("is one of the known words, or is refused with all of them", () => {
    const fields = new Fields({ x: "b", y: "c" });
    expect(fields.word("x", ["a", "b"])).toBe("b");
    expect(() => fields.word("y", ["a", "b"])).toThrow("y: must be one of a, b");
  });

  it("that is null is unset, and one of every object's own is none", () => {
    const fields = new Fields({ x: null });
    expect([fields.text("x"), fields.value("toString"), fields.rest()]).toEqual([
      undefined,
      undefined,
      {},
    ]);
  });

  it("that nobody has read is left, within objects too", () => {
    const source: JsonObject = { a: 1, b: { c: 2, d: 3 }, e: [{ f: 4 }], g: null };
    const fields = new Fields(source);
    fields.object("b")?.number("c");
    expect(fields.rest()).toEqual({ a: 1, b: { d: 3 }, e: [{ f: 4 }] });
    fields.object("b")?.number("d");
    expect(fields.rest()).toEqual({ a: 1, e: [{ f: 4 }] });
    expect(fields.source).toBe(source);
    expect(fields.rest()).toEqual({});
  });

  it("of a list is named by its place", () => {
    const [, second] = new Fields({ list: [{}, { x: 1 }] }).objects("list");
    expect(second?.pathOf("x")).toBe("list[1].x");
    expect(() => new Fields({ list: [{}, 7] }).objects("list")).toThrow(
      "list[1]: must be an object",
    );
    expect(new Fields({}).objects("list")).toEqual([]);
  });
});

describe("the source of a medium", () => {
  it.each(["http://a.test/x.png", "HTTPS://a.test/x"])("can be a URL: %s", (url) => {
    const source = mediaSource(url, "url");
    expect(source).toEqual({ type: "uri", uri: url, mediaType: "" });
    expect(source.type === "provider-file" || mediaUrl(source)).toBe(url);
  });

  it.each([
    ["data:image/png;base64,aGk=", "image/png"],
    ["data:image/png;name=x;base64,aGk=", "image/png"],
    ["data:;base64,aGk=", ""],
  ])("can be bytes: %s", (url, mediaType) => {
    const source = mediaSource(url, "url");
    expect(source).toEqual({ type: "inline", data: Buffer.from("hi"), mediaType });
    const written = `data:${mediaType};base64,aGk=`;
    expect(source.type === "provider-file" || mediaUrl(source)).toBe(written);
  });

  it.each(["cat.png", "ftp://a.test/x", "https://", "data:image/png,hi"])("is not %s", (url) => {
    expect(() => mediaSource(url, "part.url")).toThrow("part.url: must be an http or https URL");
  });
});
