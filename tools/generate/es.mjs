/** `npm run generate` also makes these stubs: their plugin is an npm package. */
export const language = {
  name: "es",
  needs: [],
  install: () => [],
  keep: ["package.json", "LICENSE", "README.md"],
};
