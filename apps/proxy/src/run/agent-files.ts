import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { credentialProcess } from "proxy-creds";
import { writeCaBundle } from "../aws-config/ca-bundle.ts";
import { type AgentFilePaths, agentProfile, bundleVariables } from "./agent-environment.ts";
import { trustStore } from "./trust-store.ts";

export interface AgentFilesOptions {
  /** Where they are written; made if need be. */
  readonly dir: string;
  /** The vending socket's absolute path. */
  readonly socketPath: string;
  /** The proxy's root certificate, PEM. */
  readonly rootCertificate: string;
  /** The environment whose bundles are taken in. */
  readonly inherited: Readonly<Record<string, string | undefined>>;
  readonly region?: string | undefined;
  /** Whether the profile names the bundle too; yes by default. */
  readonly caBundleInProfile?: boolean | undefined;
  /** The program of credential_process; the installed `proxy-creds` by default. */
  readonly proxyCreds?: string | undefined;
}

/** What makes Node's clients obey HTTPS_PROXY, as it is shipped. */
const shippedPreload = fileURLToPath(new URL("../../preload/node-proxy.cjs", import.meta.url));

/**
 * Writes what an agent is given besides its environment: AWS configuration and an empty credentials file, the
 * certificates in the forms its programs read, and the preload for Node. All of it is public; nothing of it is real.
 */
export async function writeAgentFiles(options: AgentFilesOptions): Promise<AgentFilePaths> {
  const { dir, socketPath, rootCertificate, inherited, region, caBundleInProfile = true, proxyCreds } = options;
  // Read in containers by users that have other ids; what protects it is the directory it is in.
  await mkdir(dir, { recursive: true, mode: 0o755 });
  const { path: caBundle } = await writeCaBundle({ dir, rootCertificate, inherited: inheritedBundles(inherited) });
  const files: AgentFilePaths = {
    caBundle,
    socket: socketPath,
    config: join(dir, "aws-config"),
    credentials: join(dir, "aws-credentials"),
    nodeCa: join(dir, "ca.pem"),
    trustStore: join(dir, "truststore.p12"),
    nodePreload: join(dir, "node-proxy.cjs"),
    phpIni: join(dir, "iam-agent-proxy.ini"),
  };
  const settings = [
    `credential_process = ${credentialProcess({ socketPath, programPath: proxyCreds })}`,
    ...(caBundleInProfile ? [`ca_bundle = ${caBundle}`] : []),
    ...(region === undefined ? [] : [`region = ${region}`]),
  ];
  const section = (header: string): string => [`[${header}]`, ...settings, ""].join("\n");
  // The same under both names: programs that are told no profile take the default.
  await write(files.config, `${section(`profile ${agentProfile}`)}\n${section("default")}`);
  await write(files.credentials, "");
  await write(files.nodeCa, await nodeCertificates(rootCertificate, inherited.NODE_EXTRA_CA_CERTS));
  await write(files.trustStore, trustStore(await readFile(caBundle, "latin1")));
  await copyFile(shippedPreload, files.nodePreload);
  // PHP puts variables in for their names.
  const phpSettings = ["curl.cainfo", "openssl.cafile"].map((name) => `${name} = \${SSL_CERT_FILE}\n`);
  await write(files.phpIni, phpSettings.join(""));
  return files;
}

async function write(path: string, content: string | Buffer): Promise<void> {
  await writeFile(path, content, { mode: 0o644 });
}

async function nodeCertificates(root: string, inherited: string | undefined): Promise<string> {
  const others = inherited ? await readFile(inherited, "latin1").catch(() => "") : "";
  return others.includes(root.trim())
    ? others
    : `${others}${others === "" || others.endsWith("\n") ? "" : "\n"}${root}`;
}

/** The bundles that programs of this environment trust already. */
function inheritedBundles(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const files = ["AWS_CA_BUNDLE", ...bundleVariables].map((name) => env[name]).filter((file) => !!file) as string[];
  return [...new Set(files)];
}
