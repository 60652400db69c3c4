import { join, resolve } from "node:path";
import { awsSuffixes } from "@iap/aws-core";
import { CertificateAuthority, CertificateAuthorityError } from "@iap/ca-manager";
import type { CliProcess } from "../cli.ts";
import { shellWord } from "../run/environment-text.ts";
import { UsageError } from "../usage-error.ts";

/** Prints where the certificate authority is, how to recognise it, how long it lasts, and how clients come to trust it. */
export async function showCertificateAuthority(
  { dir }: { readonly dir: string },
  { stdout }: CliProcess,
): Promise<number> {
  let authority: CertificateAuthority;
  try {
    authority = await CertificateAuthority.load({ dir, permittedDnsSuffixes: awsSuffixes });
  } catch (error) {
    if (error instanceof CertificateAuthorityError) throw new UsageError(error.message, { exitCode: 1, cause: error });
    throw error;
  }
  const { path, fingerprintSha256, notBefore, notAfter, suffixes } = authority.describe();
  const root = shellWord(resolve(path));
  const bundle = shellWord(join(resolve(dir), "ca-bundle.pem"));
  stdout.write(`Certificate   ${path}
SHA-256       ${fingerprintSha256}
Valid         ${day(notBefore)} to ${day(notAfter)}
Signs for     ${suffixes.join(", ")} and names below them; nothing else

The AWS CLI and boto3 need nothing: the profile iam-agent-proxy names the bundle. For other clients:

  AWS SDKs for Python, Go, Ruby    export AWS_CA_BUNDLE=${bundle}
  Node.js                          export NODE_EXTRA_CA_CERTS=${root}
  curl, httpx, OpenSSL programs    export SSL_CERT_FILE=${bundle}
  Java                             keytool -importcert -noprompt -alias iam-agent-proxy -file ${root} -keystore TRUSTSTORE
`);
  return 0;
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}
