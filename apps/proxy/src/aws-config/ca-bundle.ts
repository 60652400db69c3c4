import { randomBytes, X509Certificate } from "node:crypto";
import { open, readFile, realpath, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { rootCertificates } from "node:tls";

export interface CaBundleOptions {
  /** The proxy's directory; the bundle is its `ca-bundle.pem`. */
  readonly dir: string;
  /** The proxy's root certificate, PEM. */
  readonly rootCertificate: string;
  /** Bundles the user's programs trust already (`AWS_CA_BUNDLE`, `SSL_CERT_FILE`): all that can be read are taken in. */
  readonly inherited?: readonly string[] | undefined;
  /** Where the system keeps its roots: the first that can be read is taken; `systemBundlePaths` by default. */
  readonly systemBundles?: readonly string[] | undefined;
}

export interface CaBundle {
  readonly path: string;
  /** Whether the file was written; false when it held the same already. */
  readonly changed: boolean;
  /** The files whose certificates are in it; `node` when the system has none and Node's own roots stand in. */
  readonly sources: readonly string[];
  readonly certificates: number;
}

/** Debian and Ubuntu; Fedora and RHEL; Alpine, macOS and the BSDs. */
const systemBundlePaths: readonly string[] = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/cert.pem",
];

/**
 * Writes the bundle that clients are given in place of the system's: everything they trusted, and the proxy's root.
 * Most settings that name a bundle replace the system's roots, so the root alone would break every other connection.
 * Each certificate stands in it once, the proxy's last; the file is replaced atomically, and only when it changes.
 */
export async function writeCaBundle(options: CaBundleOptions): Promise<CaBundle> {
  const { dir, rootCertificate, inherited = [], systemBundles = systemBundlePaths } = options;
  const path = join(dir, "ca-bundle.pem");
  const own = new X509Certificate(rootCertificate);
  const self = await realpath(path).catch(() => path);

  const sources: string[] = [];
  // By fingerprint; a map keeps the order in which they came.
  const certificates = new Map<string, string>();
  const take = (source: string, found: readonly X509Certificate[]): boolean => {
    if (found.length === 0) return false;
    sources.push(source);
    for (const certificate of found) certificates.set(certificate.fingerprint256, certificate.toString());
    return true;
  };
  const read = async (source: string): Promise<readonly X509Certificate[]> => {
    // Our own bundle, inherited from an agent's environment, may hold the root of an authority that is gone.
    if ((await realpath(source).catch(() => source)) === self) return [];
    return readFile(source, "latin1").then(certificatesIn, () => []);
  };
  let system = false;
  for (const source of systemBundles) {
    system = take(source, await read(source));
    if (system) break;
  }
  if (!system) take("node", rootCertificates.flatMap(certificatesIn));
  for (const source of inherited) {
    if (!sources.includes(source)) take(source, await read(source));
  }
  certificates.delete(own.fingerprint256);
  certificates.set(own.fingerprint256, own.toString());

  const text = [...certificates.values()].map((pem) => `${pem.trim()}\n`).join("");
  const changed = (await readFile(path, "latin1").catch(() => undefined)) !== text;
  if (changed) await replace(path, text);
  return { path, changed, sources, certificates: certificates.size };
}

/** The certificates in a text; what is no certificate, or a broken one, is left out. */
function certificatesIn(text: string): readonly X509Certificate[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  return blocks.flatMap((block) => {
    try {
      return [new X509Certificate(block)];
    } catch {
      // One broken block would make OpenSSL refuse the whole bundle.
      return [];
    }
  });
}

async function replace(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    const file = await open(temporary, "wx", 0o644);
    try {
      // Public, and read by agents: not narrowed by the umask.
      await file.chmod(0o644);
      await file.writeFile(text, "latin1");
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}
