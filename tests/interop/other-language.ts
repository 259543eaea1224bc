// A language without a helper, as its page has it: stubs by buf and a plugin of the system.
import { OTHER_NEEDS } from "./other-needs.ts";
import { followPage } from "./page.ts";
import type { Suite } from "./suite.ts";
import type { World } from "./world.ts";

export function otherLanguageSuite(world: World): Suite {
  return {
    name: "other",
    needs: OTHER_NEEDS.needs,
    prepare: [],
    cells: {},
    lanes: [{ page: () => followPage("docs/clients/other.md", world) }],
  };
}
