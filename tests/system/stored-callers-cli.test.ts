import { afterAll, beforeAll, expect, it } from "vitest";
import { runSteer } from "../support/run-steer.ts";
import { type ServiceProcess, startService } from "../support/service.ts";

let service: ServiceProcess;

beforeAll(async () => {
  service = await startService({});
});
afterAll(() => service.stop());

const steer = (args: string, key?: string) =>
  runSteer(args.split(" "), {
    env: {
      STEER_ADDRESS: service.grpc,
      ...(key !== undefined && { STEER_API_KEY: key }),
    },
  });

it("a team, its callers and their keys, from the first operator to a revoked key", async () => {
  const group = await steer("groups create team --requests 60/m --models simulator --json");
  expect(group).toMatchObject({ code: 0 });
  expect(JSON.parse(group.stdout)).toMatchObject({
    id: "team",
    models: ["simulator"],
    limits: { use: { requests: [{ amount: "60", window: "60s" }] } },
  });
  expect(group.stderr).toContain("gone when the process ends");

  const ci = await steer("callers create ci --group team --tokens 100000/h --concurrency 2");
  expect(ci).toMatchObject({ code: 0 });
  expect(ci.stdout).toContain("limits\t100000/h tokens; 2 at a time");
  expect(ci.stderr).toContain("next: steer keys create ci");
  const key = (await steer("keys create ci --lifetime 90d")).stdout.trim();
  expect(key).toMatch(/^sk-steer-[0-9A-Za-z]{43}$/);
  expect(await steer("generate hello", key)).toMatchObject({ code: 0 });

  await steer("callers create ops --role operator");
  const made = await steer("keys create ops");
  expect(made.stderr).toContain("only time that the key is shown");
  expect(made.stderr).toContain("from now on calls without a key are refused");
  const ops = made.stdout.trim();
  expect((await steer("callers list")).stderr).toContain("CREDENTIALS_MISSING");
  expect((await steer("callers list", key)).stderr).toContain("ROLE_REQUIRED");

  const list = await steer("callers list --csv", ops);
  expect(list.stdout.split("\n")[1]).toMatch(
    /^ci,caller,team,all,all,100000\/h tokens; 2 at a time,1,store,/,
  );
  const keys = await steer("keys list ci", ops);
  expect(keys.stdout).toContain(key.slice(0, 17));
  expect(keys.stdout).not.toContain(key);
  expect((await steer("groups delete team", ops)).stderr).toContain('group "team" has callers: ci');

  const update = await steer("callers update ci --models other-* --no-limits --no-group", ops);
  expect(update.stdout).toContain("limits\t-");
  expect((await steer("generate hello", key)).stderr).toContain("MODEL_NOT_ALLOWED");
  expect((await steer("models", key)).stdout).not.toContain("simulator");

  const revoked = await steer(`keys revoke ${key.slice(0, 17)}`, ops);
  expect(revoked.stdout).toBe("revoked; ci has 0 keys left\n");
  expect((await steer("generate hello", key)).stderr).toContain("CREDENTIALS_INVALID");
  expect((await steer("callers delete ops", ops)).stderr).toContain("LAST_OPERATOR");
  expect((await steer("callers delete ci", ops)).stdout).toBe("deleted, with 0 keys\n");
});

it.each([
  ["callers", "one of list, get, create, update, delete"],
  ["callers update x", "name what to change"],
  ["callers create x --role boss", "--role takes caller, operator"],
  ["callers create x --requests 60/x", "--requests takes a number and a window"],
  ["callers create x --requests 0/m", "--requests takes a number and a window"],
  ["callers create x --spend USD=5/day", "--spend takes money"],
  ["callers create x --spend USD", "periods: hour, day, month, total"],
  ["callers create x --warn-at much", "--warn-at takes a number"],
  ["callers update x --no-limits --concurrency 2", "--no-limits stands alone"],
  ["keys revoke", "PREFIX is missing"],
  ["groups get", "GROUP is missing"],
])("steer %s says what to do", async (args, message) => {
  const { code, stderr } = await steer(args);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
});
