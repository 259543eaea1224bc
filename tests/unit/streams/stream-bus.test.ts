import { expect, it } from "vitest";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import { StreamBus } from "../../../src/streams/stream-bus.ts";

const left = { type: "left" } as const;

it("the bus tells those who listen to a stream, in order, until they leave", () => {
  const bus = new StreamBus();
  const heard: string[] = [];
  const stopA = bus.listen("s.1", ({ type }) => void heard.push(`a ${type}`));
  const stopB = bus.listen("s.1", ({ type }) => void heard.push(`b ${type}`));
  bus.listen("s.2", ({ type }) => void heard.push(`c ${type}`));
  bus.publish("s.1", left);
  stopA();
  bus.publish("s.1", { type: "over", error: new GatewayError("internal", "over") });
  stopB();
  bus.publish("s.1", left);
  expect(heard).toEqual(["a left", "b left", "b over"]);
  // Who leaves twice does not take along those who came after.
  const stopD = bus.listen("s.1", ({ type }) => void heard.push(`d ${type}`));
  stopB();
  bus.publish("s.1", left);
  expect(heard.at(-1)).toBe("d left");
  stopD();
});
