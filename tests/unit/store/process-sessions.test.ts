import { expect, it } from "vitest";
import { createProcessSessions } from "../../../src/store/process-sessions.ts";

it("a session lives until it is closed, and one that comes back had been lost", async () => {
  const { living, calls: sessions } = createProcessSessions();
  await sessions.openSession("a", 1_000);
  expect(await sessions.renewSession("a", 1_000)).toBe("renewed");
  await sessions.closeSession("a");
  expect([...living]).toEqual([]);
  expect(await sessions.renewSession("a", 1_000)).toBe("lost");
  expect(await sessions.renewSession("a", 1_000)).toBe("renewed");
  expect([...living]).toEqual(["a"]);
});

it("a session has one snapshot, which goes with it; one that is not there has none", async () => {
  const { calls: sessions } = createProcessSessions();
  const [first, second] = [new Uint8Array([1]), new Uint8Array([2])];
  await sessions.putSnapshot("a", first);
  expect(await sessions.snapshots()).toEqual([]);
  await sessions.openSession("a", 1_000);
  await sessions.putSnapshot("a", first);
  await sessions.putSnapshot("a", second);
  expect(await sessions.snapshots()).toEqual([second]);
  await sessions.closeSession("a");
  expect(await sessions.snapshots()).toEqual([]);
});

it("everybody who listens hears of what is told", async () => {
  const { calls: sessions } = createProcessSessions();
  const heard: string[] = [];
  for (const name of ["a", "b"])
    sessions.onBroadcast((bytes) => void heard.push(`${name}${bytes}`));
  await sessions.broadcast(new Uint8Array([7]));
  expect(heard).toEqual(["a7", "b7"]);
});
