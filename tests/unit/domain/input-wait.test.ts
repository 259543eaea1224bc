import { expect, it } from "vitest";
import { InputWait } from "../../../src/domain/input-wait.ts";

/** A wait with what is known of its end. */
function begun() {
  const wait = new InputWait();
  let end = "waiting";
  wait.begin().then(
    () => {
      end = "ended";
    },
    (error: unknown) => {
      end = String(error);
    },
  );
  return {
    wait,
    async end(): Promise<string> {
      for (let turn = 0; turn < 10; turn++) await Promise.resolve();
      return end;
    },
  };
}

it("lasts while inputs are taken at once", async () => {
  const { wait, end } = begun();
  const taken: number[] = [];
  for (let input = 0; input < 3; input++) wait.handOn((each) => void taken.push(each), input);
  expect(taken).toEqual([0, 1, 2]);
  expect(wait.isWaiting).toBe(true);
  expect(await end()).toBe("waiting");
  wait.end();
  expect(wait.isWaiting).toBe(false);
  expect(await end()).toBe("ended");
});

it("ends when an input is taken that was not taken at once", async () => {
  const { wait, end } = begun();
  const { promise, resolve } = Promise.withResolvers<void>();
  wait.handOn(() => promise, 1);
  expect(wait.isWaiting).toBe(false);
  expect(await end()).toBe("waiting");
  resolve();
  expect(await end()).toBe("ended");
});

it("ends with the error of an input, and keeps it from whoever handed the input on", async () => {
  for (const take of [
    () => Promise.reject(new Error("broken")),
    () => {
      throw new Error("broken");
    },
  ]) {
    const { wait, end } = begun();
    wait.handOn(take, 1);
    expect(await end()).toBe("Error: broken");
  }
});

it("accepts no other input while one is handed on, and ends after it where it is ended meanwhile", async () => {
  const { wait, end } = begun();
  const { promise, resolve } = Promise.withResolvers<void>();
  let wasWaiting: boolean | undefined;
  wait.handOn(() => {
    wasWaiting = wait.isWaiting;
    wait.end();
    return promise;
  }, 1);
  expect(wasWaiting).toBe(false);
  expect(await end()).toBe("waiting");
  resolve();
  expect(await end()).toBe("ended");

  const other = begun();
  other.wait.handOn(() => void other.wait.end(), 1);
  expect(await other.end()).toBe("ended");
});

it("ends nothing while nobody waits", async () => {
  const wait = new InputWait();
  wait.end();
  expect(wait.isWaiting).toBe(false);
  let isOver = false;
  const waiting = wait.begin().then(() => {
    isOver = true;
  });
  await Promise.resolve();
  expect(isOver).toBe(false);
  wait.end();
  await waiting;
});
