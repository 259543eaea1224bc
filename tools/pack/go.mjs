import { resolve } from "node:path";

const MODULES = ["gen/go", "clients/go"];
const PREFIX = "github.com/steer-gateway/steer";

/**
 * A module contains all files of its folder, tests too, because its checksum is that of a tag of the repository.
 */
const CONTENTS = /^(?:go\.(?:mod|sum)|LICENSE|README\.md|[a-z0-9_/.]+\.go)$/;

export const go = {
  name: "go",
  needs: ["go"],
  help: "https://go.dev/dl has Go 1.25 and newer",
  /** In the layout of a module proxy, so that `GOPROXY=file://…` serves the folder. */
  make({ copy, out, version, run }) {
    const tag = `v${version}`;
    return MODULES.flatMap((folder) => {
      run("go", ["run", ".", resolve(copy, folder), tag, resolve(out, "go")], {
        cwd: resolve("tools/pack/go"),
        env: { GOFLAGS: "", GOWORK: "off" },
      });
      const module = `${PREFIX}/${folder}`;
      const place = `go/${module}/@v`;
      const root = `${module}@${tag}/`;
      return [
        {
          file: `${place}/${tag}.zip`,
          root,
          contents: CONTENTS,
          source: folder,
          license: "LICENSE",
          readme: "README.md",
        },
        { file: `${place}/${tag}.info`, tells: /"Version":"v([^"]+)"/ },
        { file: `${place}/${tag}.mod` },
        { file: `${place}/list`, tells: /^v(.+)$/m },
      ];
    });
  },
};
