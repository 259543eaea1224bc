import { expect, it } from "vitest";
import { OpenStreams } from "../../../src/rpc/open-streams.ts";

const OF_CONNECTION = 256;
const OF_ALL = 2_048;

function refusal(enter: () => unknown): unknown {
  try {
    enter();
  } catch (error) {
    return error;
  }
  return undefined;
}

it("a connection has so many, and each that ends makes room for one", () => {
  const streams = new OpenStreams();
  const connection = {};
  const leave = Array.from({ length: OF_CONNECTION }, () => streams.enter(connection));
  const full = {
    kind: "caller-limit",
    reason: "OPEN_STREAMS",
    message: "too many streams of health and reflection of this connection",
  };
  const refused = refusal(() => streams.enter(connection));
  expect(refused).toMatchObject(full);
  // Its status is encoded once: a flood gets it a thousand times in one turn of the event loop.
  expect(Object.isFrozen(refused)).toBe(true);
  expect(refusal(() => streams.enter(connection))).toBe(refused);
  expect(refusal(() => streams.enter({}))).toBeUndefined();
  for (const end of leave.splice(0, 2)) end();
  for (let again = 0; again < 2; again++) streams.enter(connection);
  expect(refusal(() => streams.enter(connection))).toMatchObject(full);
});

it("all connections together have so many", () => {
  const streams = new OpenStreams();
  const leave: (() => void)[] = [];
  for (let connection = 0; connection < OF_ALL / OF_CONNECTION; connection++) {
    const own = {};
    for (let stream = 0; stream < OF_CONNECTION; stream++) leave.push(streams.enter(own));
  }
  const message = "too many streams of health and reflection at this replica";
  expect(refusal(() => streams.enter({}))).toMatchObject({ kind: "caller-limit", message });
  leave[0]?.();
  expect(refusal(() => streams.enter({}))).toBeUndefined();
  expect(refusal(() => streams.enter({}))).toMatchObject({ message });
});
