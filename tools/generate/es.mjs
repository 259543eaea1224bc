/** `npm run generate` makes these stubs too: their plugin comes with the packages. */
export const language = {
  name: "es",
  needs: [],
  install: () => [],
  keep: ["package.json", "LICENSE", "README.md"],
};
