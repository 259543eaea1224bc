import { join, resolve } from "node:path";

const OURS = String.raw`package\.json|LICENSE|README\.md`;
const PACKAGES = [
  { name: "stubs", source: "gen/es", code: String.raw`(?:google|steer)/[\w/]+_pb\.(?:js|d\.ts)` },
  { name: "client", source: "clients/typescript", code: String.raw`dist/[a-z-]+\.(?:js|d\.ts)` },
];

export const typescript = {
  name: "typescript",
  needs: ["npm"],
  help: "https://nodejs.org has npm with Node",
  make({ copy, out, version, run }) {
    run("node", ["build.mjs"], { cwd: join(copy, "clients/typescript") });
    // A machine can forbid npm to run package scripts; the package is already built.
    const pack = ["pack", "--silent", "--ignore-scripts", "--pack-destination"];
    return PACKAGES.map(({ name, source, code }) => {
      run("npm", [...pack, resolve(out, "typescript")], { cwd: join(copy, source) });
      return {
        file: `typescript/steer-gateway-${name}-${version}.tgz`,
        root: "package/",
        source,
        contents: new RegExp(`^(?:${OURS}|${code})$`),
        license: "LICENSE",
        readme: "README.md",
        manifest: "package.json",
        tells: /"version": "(.*?)"/,
      };
    });
  },
};
