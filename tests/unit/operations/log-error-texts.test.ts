import { expect, it } from "vitest";
import { createErrorTextLog } from "../../../src/operations/log-error-texts.ts";
import { createManualClock } from "../../support/manual-clock.ts";

it("leaves every key out that the instance has sent", () => {
  const lines: object[] = [];
  const write = createErrorTextLog(createManualClock(), (line) => void lines.push(line));
  const text = "old-key is gone, new-key is not known";
  write("own", ["old-key", "", "new-key"], { status: 401, text });
  expect(lines).toMatchObject([{ text: "*** is gone, *** is not known" }]);
});
