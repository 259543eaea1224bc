import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import {
  DisconnectPolicy,
  JsonStreamMode,
  StreamOptionsSchema,
} from "../../../gen/service/steer/v1/stream_pb.ts";
import { checkStreamOptions, decodeStreamOptions } from "../../../src/rpc/decode-stream-options.ts";
import { testSpec } from "../../support/provider-request.ts";

type Init = MessageInitShape<typeof StreamOptionsSchema>;

const decode = (init: Init) => decodeStreamOptions(create(StreamOptionsSchema, init));
const seconds = (value: number) => ({ seconds: BigInt(value) });

const DEFAULTS = {
  jsonMode: "off",
  omitJsonText: false,
  omitReasoning: false,
  includeUsage: false,
  includeUsageUpdates: false,
  includeEventTime: false,
  omitFinalMessage: false,
  heartbeatMs: 15_000,
  ephemeral: false,
  retentionMs: undefined,
  onDisconnect: "grace",
  disconnectGraceMs: undefined,
} as const;

it("without options, and with empty ones, all are the defaults", () => {
  expect(decodeStreamOptions(undefined)).toStrictEqual(DEFAULTS);
  expect(decode({})).toStrictEqual(DEFAULTS);
});

it.each([
  "omitJsonText",
  "omitReasoning",
  "includeUsage",
  "includeUsageUpdates",
  "includeEventTime",
  "omitFinalMessage",
  "ephemeral",
])("%s is taken over, and nothing else with it", (name) => {
  expect(decode({ [name]: true })).toStrictEqual({ ...DEFAULTS, [name]: true });
});

it.each<[Init, object]>([
  [{ jsonMode: JsonStreamMode.VALUES }, { jsonMode: "values" }],
  [{ jsonMode: JsonStreamMode.PATCHES }, { jsonMode: "patches" }],
  [{ heartbeatInterval: seconds(0) }, { heartbeatMs: 0 }],
  [{ heartbeatInterval: seconds(2) }, { heartbeatMs: 2_000 }],
  [{ retention: seconds(3) }, { retentionMs: 3_000 }],
  [{ disconnectGrace: seconds(0) }, { disconnectGraceMs: 0 }],
  [{ onDisconnect: DisconnectPolicy.GRACE }, { onDisconnect: "grace" }],
  [{ onDisconnect: DisconnectPolicy.CANCEL }, { onDisconnect: "cancel" }],
  [{ onDisconnect: DisconnectPolicy.CONTINUE }, { onDisconnect: "continue" }],
])("%# is taken over", (init, expected) => {
  expect(decode(init)).toStrictEqual({ ...DEFAULTS, ...expected });
});

it.each<[Init, string]>([
  [{ retention: seconds(1) }, "retention"],
  [{ disconnectGrace: seconds(1) }, "disconnect_grace"],
  [{ onDisconnect: DisconnectPolicy.GRACE }, "on_disconnect"],
  [{ onDisconnect: DisconnectPolicy.CONTINUE }, "on_disconnect"],
])("an ephemeral stream has nothing that outlives its call: %#", (init, field) => {
  const description = "needs a stored stream, and this one is ephemeral";
  expect(() => decode({ ...init, ephemeral: true })).toThrow(
    expect.objectContaining({ violations: [{ field: `options.${field}`, description }] }),
  );
});

it("an ephemeral stream may end with its reader", () => {
  expect(decode({ ephemeral: true, onDisconnect: DisconnectPolicy.CANCEL })).toMatchObject({
    ephemeral: true,
    onDisconnect: "cancel",
  });
});

it("JSON in a stream needs JSON in the output", () => {
  const jsonMode = "values";
  const text = testSpec();
  const json = testSpec({ outputFormat: { type: "json-object" } });
  const description = "needs a JSON output format";
  expect(() => checkStreamOptions({ ...DEFAULTS, jsonMode }, text)).toThrow(
    expect.objectContaining({ violations: [{ field: "options.json_mode", description }] }),
  );
  expect(() => checkStreamOptions({ ...DEFAULTS, jsonMode }, json)).not.toThrow();
  expect(() => checkStreamOptions(DEFAULTS, text)).not.toThrow();
});
