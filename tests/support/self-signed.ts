import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A self-signed certificate for 127.0.0.1, with files in `folder`, valid between two dates in the form YYMMDD. */
export function selfSigned(folder: string, name: string, from?: string, until?: string) {
  const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.crt`)];
  const openssl = (...args: string[]) =>
    execFileSync("openssl", args, { cwd: folder, stdio: "ignore" });
  const subject = ["-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"];
  const fresh = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  if (from === undefined || until === undefined) {
    openssl("req", "-x509", ...fresh, "-keyout", key, "-out", cert, "-days", "2", ...subject);
  } else {
    openssl("req", ...fresh, "-keyout", key, "-out", `${name}.csr`, ...subject);
    writeFileSync(join(folder, `${name}.index`), "");
    writeFileSync(
      join(folder, `${name}.cnf`),
      `[ca]\ndefault_ca=own\n[own]\ndatabase=${name}.index\nnew_certs_dir=.\nrand_serial=yes\ndefault_md=sha256\npolicy=any\ncopy_extensions=copy\n[any]\ncommonName=supplied\n`,
    );
    const dates = ["-startdate", `${from}000000Z`, "-enddate", `${until}000000Z`];
    const files = ["-config", `${name}.cnf`, "-keyfile", key, "-in", `${name}.csr`, "-out", cert];
    openssl("ca", "-batch", "-selfsign", "-notext", ...dates, ...files);
  }
  return { file: cert, key: readFileSync(key), cert: readFileSync(cert) };
}
