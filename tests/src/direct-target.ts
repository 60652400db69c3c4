import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { agentEnv, awsConfigFile } from "./agent-env.ts";
import { ConnectTunnel } from "./connect-tunnel.ts";
import type { RealCredentials } from "./fake-aws/signature-oracle.ts";
import type { Target, UpstreamAws } from "./target.ts";
import { tempDir } from "./temp-dir.ts";

/** Clients talk to AWS through a tunnel, with the real keys given out by a `credential_process`. */
export class DirectTarget implements Target {
  readonly env: NodeJS.ProcessEnv;
  readonly home: string;
  readonly #credentials: RealCredentials;
  readonly #tunnel: ConnectTunnel;

  private constructor(home: string, caFile: string, credentials: RealCredentials, tunnel: ConnectTunnel) {
    this.home = home;
    this.#credentials = credentials;
    this.#tunnel = tunnel;
    this.env = agentEnv({ home, profile: "direct", proxyPort: tunnel.port, caFile });
  }

  static async start(aws: UpstreamAws, credentials: RealCredentials): Promise<DirectTarget> {
    const home = tempDir("direct");
    const caFile = join(home, "ca.pem");
    const credentialsFile = join(home, "credentials.json");
    const { accessKeyId, secretAccessKey, sessionToken } = credentials;
    writeFileSync(caFile, aws.ca.certificate);
    writeFileSync(
      credentialsFile,
      JSON.stringify({
        Version: 1,
        AccessKeyId: accessKeyId,
        SecretAccessKey: secretAccessKey,
        SessionToken: sessionToken,
        Expiration: new Date(Date.now() + 3600_000).toISOString(),
      }),
    );
    mkdirSync(join(home, ".aws"));
    writeFileSync(
      awsConfigFile(home),
      `[profile direct]\ncredential_process = cat ${credentialsFile}\nca_bundle = ${caFile}\nregion = us-east-1\n`,
    );
    return new DirectTarget(home, caFile, credentials, await ConnectTunnel.start(aws.port));
  }

  async agentCredentials(): Promise<RealCredentials> {
    return this.#credentials;
  }

  async stop(): Promise<void> {
    await this.#tunnel.close();
  }
}
