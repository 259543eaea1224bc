// The gateway knows every field that the types of the vendors' clients have.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/domain/json.ts";
import * as messages from "../../../src/doors/anthropic-messages/decode-request.ts";
import * as chat from "../../../src/doors/openai-chat/decode-request.ts";
import * as responses from "../../../src/doors/openai-responses/decode-request.ts";
import { passedFields } from "../../../src/doors/shared/passed-fields.ts";
import type { RequestOfApi } from "../../../src/ports/contract.ts";
import { chatRequest } from "../../support/door-requests/chat-requests.ts";
import { messagesRequest } from "../../support/door-requests/messages-requests.ts";
import { responsesRequest } from "../../support/door-requests/responses-requests.ts";

const noHeader = () => undefined;

const DIALECTS: Readonly<
  Record<string, readonly [fc.Arbitrary<object>, (body: JsonObject) => RequestOfApi]>
> = {
  Chat: [chatRequest, (body) => chat.decodeRequest(body, noHeader)],
  Responses: [responsesRequest, (body) => responses.decodeRequest(body, noHeader, true)],
  Messages: [messagesRequest, (body) => messages.decodeRequest(body, noHeader)],
};

/** What `known` leaves out although it is documented: the vendor keeps more. */
const KEPT_BY_VENDOR = ["store", "prompt_cache_retention"];

/** References to what a vendor keeps: nobody but the vendor knows what stands there. */
const REFERENCES = ["prompt", "access_programs"];

function left(request: RequestOfApi, pass: "known" | "listed", listed: readonly string[] = []) {
  const { warnings } = passedFields(request, { pass, listed, countsMoney: false });
  return warnings.map(({ field }) => field);
}

describe.each(Object.entries(DIALECTS))("a request of %s", (_, [request, decode]) => {
  it("keeps every documented field", () => {
    fc.assert(
      fc.property(request, (given) => {
        const decoded = decode(JSON.parse(JSON.stringify(given)) as JsonObject);
        const fields = new Set(left(decoded, "known").map((field) => field.replace(/^.*\./, "")));
        for (const name of ["x_unknown", ...KEPT_BY_VENDOR, ...REFERENCES]) fields.delete(name);
        expect([...fields]).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it("keeps what the operator lists", () => {
    fc.assert(
      fc.property(request, (given) => {
        const decoded = decode({ ...(JSON.parse(JSON.stringify(given)) as JsonObject), x_mine: 1 });
        expect(left(decoded, "listed", ["x_mine"])).not.toContain("x_mine");
        expect(left(decoded, "known", ["x_mine"])).toContain("x_mine");
      }),
      { numRuns: 50 },
    );
  });
});

it("names of the prototype of objects are unknown fields", () => {
  const body = JSON.parse(
    '{"model":"m","messages":[{"role":"user","content":"hi"}],"constructor":1}',
  );
  expect(left(chat.decodeRequest(body, noHeader), "known")).toEqual(["constructor"]);
});
