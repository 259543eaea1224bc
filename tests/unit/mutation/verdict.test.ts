import { expect, test } from "vitest";
import { bothVerdicts, type Verdict } from "../../mutation/verdict.ts";

const survived: Verdict = { end: "survived", ran: 2, leftOut: 1 };
const unreached: Verdict = { end: "unreached" };
const killed: Verdict = { end: "killed", by: "a test" };

test.each<[Verdict, Verdict, Verdict]>([
  [survived, killed, killed],
  [unreached, killed, killed],
  [survived, unreached, survived],
  [unreached, survived, survived],
  [unreached, unreached, unreached],
  [survived, { end: "survived", ran: 3, leftOut: 4 }, { end: "survived", ran: 5, leftOut: 5 }],
])("of %j and %j is %j", (first, second, expected) => {
  expect(bothVerdicts(first, second)).toEqual(expected);
});
