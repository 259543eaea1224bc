import { isDeepStrictEqual } from "node:util";
import { create, type DescMessage, type Message } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ActivityService } from "../../../../gen/service/steer/admin/v1/activity_service_pb.ts";
import { AdminService } from "../../../../gen/service/steer/admin/v1/admin_service_pb.ts";
import { CallerService } from "../../../../gen/service/steer/admin/v1/callers_pb.ts";
import { UsageService } from "../../../../gen/service/steer/admin/v1/usage_service_pb.ts";
import { MessageSchema } from "../../../../gen/service/steer/v1/content_pb.ts";
import {
  GenerationSpecSchema,
  TimeoutsSchema,
} from "../../../../gen/service/steer/v1/generation_pb.ts";
import {
  GenerationService,
  StreamGenerateRequestSchema,
} from "../../../../gen/service/steer/v1/generation_service_pb.ts";
import { ModelService } from "../../../../gen/service/steer/v1/model_service_pb.ts";
import type { FieldViolation } from "../../../../src/domain/gateway-error.ts";
import { Breaches } from "../../../../src/rpc/requests/breaches.ts";
import { CompiledRules } from "../../../../src/rpc/requests/compiled-rules.ts";
import type { MessageFields } from "../../../../src/rpc/requests/field-values.ts";
import {
  arbitraryFields,
  breachesOf,
  edgeMessages,
  foundByLibrary,
  rulesIn,
  typesIn,
} from "../../../support/ruled-messages.ts";

const REQUESTS = [
  GenerationService,
  ModelService,
  ActivityService,
  AdminService,
  CallerService,
  UsageService,
].flatMap(({ methods }) => methods.map(({ input }) => input));

/** Violations that an error names. */
const MOST = 20;
const rules = new CompiledRules();

function obeys(schema: DescMessage, message: Message): boolean {
  return rules.of(schema).obeys(message as unknown as MessageFields);
}

function found(schema: DescMessage, message: Message): readonly FieldViolation[] {
  const breaches = new Breaches();
  rules.of(schema).find(message as unknown as MessageFields, "", breaches);
  return breaches.found;
}

/** Compares with the library: which rules a message breaks, where, and the words. */
function expectBreaches(schema: DescMessage, message: Message): void {
  const breaches = breachesOf(schema, message);
  expect(obeys(schema, message), JSON.stringify(breaches)).toBe(breaches.length === 0);
  const named = breaches.map(({ field, description }) => ({ field, description }));
  const violations = found(schema, message);
  expect(violations).toHaveLength(Math.min(named.length, MOST));
  expect(named).toEqual(expect.arrayContaining([...violations]));
  const byLibrary = foundByLibrary(schema, message).map(
    ({ field, description }): FieldViolation => ({ field, description }),
  );
  // A breach that the library forgets can come before its first one.
  const seen = violations.find((violation) =>
    byLibrary.some((one) => isDeepStrictEqual(one, violation)),
  );
  if (seen !== undefined || violations.length < MOST) expect(seen).toEqual(byLibrary[0]);
}

it("every request of the contract has a compiled check", () => {
  for (const schema of REQUESTS) expect(() => rules.of(schema), schema.typeName).not.toThrow();
});

describe.each(typesIn(REQUESTS).map((schema) => [schema.typeName, schema] as const))(
  "%s at the edges of its rules",
  (_name, schema) => {
    const messages = edgeMessages(schema);

    it("breaks the rules that the library finds, in the same words", () => {
      for (const message of messages) expectBreaches(schema, message);
    });

    it("breaks each of them", () => {
      const broken = messages.flatMap((message) => breachesOf(schema, message));
      // An element, a key or a value is named behind its field.
      const ids = new Set(
        broken.map(({ field, rule }) => `${field.replace(/\[.*\]/, "")} ${rule}`),
      );
      expect([...ids]).toEqual(expect.arrayContaining([...rulesIn(schema)]));
    });
  },
);

it("a random request breaks the rules that the library finds, in the same words", () => {
  const schema = StreamGenerateRequestSchema;
  const verdicts = new Set<boolean>();
  fc.assert(
    fc.property(arbitraryFields(schema, 5), (fields) => {
      const message = create(schema, fields);
      verdicts.add(obeys(schema, message));
      expectBreaches(schema, message);
    }),
    { numRuns: 300 },
  );
  expect(verdicts.size).toBe(2);
});

it.each([
  { seconds: 0n, nanos: 1_000_000_000 },
  { seconds: 1n, nanos: -1 },
  { seconds: -1n, nanos: 1 },
  { seconds: -1n, nanos: 1_000_000_001 },
  { seconds: 2n ** 62n, nanos: 0 },
])(
  "a duration that is not normal is compared as by the library: $seconds s, $nanos ns",
  (total) => {
    for (const attempt of [
      undefined,
      total,
      { seconds: 1n, nanos: 0 },
      { seconds: 0n, nanos: 1 },
    ]) {
      expectBreaches(TimeoutsSchema, create(TimeoutsSchema, { total, attempt }));
    }
  },
);

it("names twenty violations at most, also of a request with very many", () => {
  const messages = Array.from({ length: 5_000 }, () => ({}));
  const violations = found(GenerationSpecSchema, create(GenerationSpecSchema, { messages }));
  expect(violations).toHaveLength(MOST);
  expect(violations.at(-1)?.field).toMatch(/^messages\[\d\]\./);
});

it("looks at nothing behind the twentieth violation", () => {
  const broken = Array.from({ length: 20 }, () => create(MessageSchema));
  const unread = new Proxy(create(MessageSchema), {
    get: () => {
      throw new Error("looked at");
    },
  });
  const spec = create(GenerationSpecSchema, { prompt: "Hi" });
  spec.messages = [...broken, unread];
  expect(found(GenerationSpecSchema, spec)).toHaveLength(MOST);
});
