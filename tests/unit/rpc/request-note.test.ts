import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { noteOf, withNote } from "../../../src/rpc/request-note.ts";
import { decodeStoredRequest, encodeStoredRequest } from "../../../src/rpc/stored-request.ts";
import { spec, streamOptions } from "../../support/arbitrary-spec.ts";

const requests = fc
  .tuple(spec, streamOptions)
  .map(([asked, options]) => encodeStoredRequest(asked, options, "stream"));
const notes = fc.uint8Array({ maxLength: 300 });

describe("the note of a stored request", () => {
  it("is read from the first bytes, and nothing else of the request is", () => {
    fc.assert(
      fc.property(requests, notes, (request, note) => {
        const noted = withNote(request, note);
        expect(noteOf(noted)).toEqual(note);
        const end = noted.length - request.length;
        expect(noteOf(noted.subarray(0, end))).toEqual(note);
        expect(noteOf(noted.subarray(0, end - 1))).toBeUndefined();
        expect(noteOf(request)).toBeUndefined();
      }),
      { numRuns: 50 },
    );
  });

  it("changes nothing for a replica that runs the request and does not know of notes", () => {
    fc.assert(
      fc.property(requests, notes, (request, note) => {
        const noted = decodeStoredRequest(withNote(request, note), "stream");
        expect(noted).toEqual(decodeStoredRequest(request, "stream"));
      }),
      { numRuns: 50 },
    );
  });

  it("is none in bytes that are none", () => {
    fc.assert(fc.property(notes, (bytes) => void noteOf(bytes)));
    expect(noteOf(new Uint8Array())).toBeUndefined();
  });
});
