import { create, type DescMessage, type Message } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ActivityService } from "../../../../gen/service/steer/admin/v1/activity_service_pb.ts";
import { AdminService } from "../../../../gen/service/steer/admin/v1/admin_service_pb.ts";
import { CallerService } from "../../../../gen/service/steer/admin/v1/callers_pb.ts";
import { UsageService } from "../../../../gen/service/steer/admin/v1/usage_service_pb.ts";
import { TimeoutsSchema } from "../../../../gen/service/steer/v1/generation_pb.ts";
import {
  GenerationService,
  StreamGenerateRequestSchema,
} from "../../../../gen/service/steer/v1/generation_service_pb.ts";
import { ModelService } from "../../../../gen/service/steer/v1/model_service_pb.ts";
import { CompiledRules } from "../../../../src/rpc/requests/compiled-rules.ts";
import type { MessageFields } from "../../../../src/rpc/requests/field-values.ts";
import {
  arbitraryFields,
  breachesOf,
  edgeMessages,
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

const rules = new CompiledRules();

function obeys(schema: DescMessage, message: Message): boolean {
  return rules.of(schema)(message as unknown as MessageFields);
}

it("every request of the contract has a compiled check", () => {
  for (const schema of REQUESTS) expect(() => rules.of(schema), schema.typeName).not.toThrow();
});

describe.each(typesIn(REQUESTS).map((schema) => [schema.typeName, schema] as const))(
  "%s at the edges of its rules",
  (_name, schema) => {
    const messages = edgeMessages(schema);

    it("is valid for the compiled check exactly if the library finds no breach", () => {
      for (const message of messages) {
        const breaches = breachesOf(schema, message);
        expect(obeys(schema, message), breaches.join()).toBe(breaches.length === 0);
      }
    });

    it("breaks each of them", () => {
      const broken = messages.flatMap((message) => breachesOf(schema, message));
      // An element, a key or a value is named behind its field.
      const ids = new Set(broken.map((breach) => breach.replace(/\[.*\]/, "")));
      expect([...ids]).toEqual(expect.arrayContaining([...rulesIn(schema)]));
    });
  },
);

it("a random request is valid for the compiled check exactly if the library finds no breach", () => {
  const schema = StreamGenerateRequestSchema;
  const verdicts = new Set<boolean>();
  fc.assert(
    fc.property(arbitraryFields(schema, 5), (fields) => {
      const message = create(schema, fields);
      const isValid = breachesOf(schema, message).length === 0;
      verdicts.add(isValid);
      expect(obeys(schema, message)).toBe(isValid);
    }),
    { numRuns: 300 },
  );
  expect(verdicts.size).toBe(2);
});

it.each([
  { seconds: 0n, nanos: 1_000_000_000 },
  { seconds: 1n, nanos: -1 },
  { seconds: -1n, nanos: 1 },
  { seconds: 2n ** 62n, nanos: 0 },
])("a duration that is not normal is left to the library: $seconds s, $nanos ns", (total) => {
  const message = create(TimeoutsSchema, { total });
  expect(obeys(TimeoutsSchema, message)).toBe(false);
});
