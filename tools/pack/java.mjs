import { cpSync } from "node:fs";
import { join, resolve } from "node:path";

const PACKAGES = { "steer-stubs": "gen/java", "steer-client": "clients/java" };

const OURS = String.raw`META-INF/(?:LICENSE|README\.md|MANIFEST\.MF|maven/dev\.steer/[a-z-]+/pom\.(?:xml|properties))`;
const CLASSES = new RegExp(String.raw`^(?:${OURS}|dev/steer/[\w/$]+\.class)$`);
const SOURCES = new RegExp(String.raw`^(?:${OURS}|dev/steer/[\w/]+\.java)$`);

export const java = {
  name: "java",
  needs: ["javac", "mvn"],
  help: "`apt-get install openjdk-17-jdk-headless maven`, or https://maven.apache.org with a JDK of 17 or newer",
  make({ copy, out, version, run }) {
    const reactor = join(copy, "pom.xml");
    cpSync("tools/pack/java-reactor.xml", reactor);
    const options = [process.env.MAVEN_OPTS, "-XX:TieredStopAtLevel=1"];
    run("mvn", ["-B", "-ntp", "-q", "-f", reactor, "-Dmaven.test.skip", "package"], {
      // Java 17 writes in the locale's encoding. A single build ends before optimised code would pay off.
      env: { LC_ALL: "C.UTF-8", MAVEN_OPTS: options.filter(Boolean).join(" ") },
    });
    return Object.entries(PACKAGES).flatMap(([name, source]) => {
      const place = `java/${name}-${version}`;
      const built = (end) => join(copy, source, "target", `${name}-${version}${end}`);
      for (const end of [".jar", "-sources.jar"]) cpSync(built(end), resolve(out, place + end));
      cpSync(join(copy, source, "pom.xml"), resolve(out, `${place}.pom`));
      const shared = {
        source,
        license: "META-INF/LICENSE",
        readme: ["META-INF", "README.md"].join("/"),
        manifest: `META-INF/maven/dev.steer/${name}/pom.properties`,
        tells: /^version=(.*)$/m,
      };
      return [
        { ...shared, file: `${place}.jar`, contents: CLASSES },
        { ...shared, file: `${place}-sources.jar`, contents: SOURCES },
        {
          file: `${place}.pom`,
          tells: /<artifactId>steer-[a-z]+<\/artifactId>\s*<version>([^<]+)</,
        },
      ];
    });
  },
};
