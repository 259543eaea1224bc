// A language without a helper, as its page has it: stubs by buf and a plugin of the system.
import type { Page } from "./language.ts";
import { OTHER_NEEDS } from "./other-needs.ts";
import { followPage } from "./page.ts";
import type { Suite } from "./suite.ts";
import type { World } from "./world.ts";

const PAGE: Page = {
  file: "docs/clients/other.md",
  // Nothing is installed in its folder.
  another: "true",
  env: () => ({}),
};

export function otherLanguageSuite(world: World): Suite {
  return {
    name: "other",
    needs: OTHER_NEEDS.needs,
    prepare: [],
    cells: {},
    lanes: [{ page: () => followPage(PAGE, world) }],
  };
}
