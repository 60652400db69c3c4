import { join } from "node:path";

const inherited = ["PATH", "LANG", "TMPDIR", "PYENV_ROOT", "PYENV_VERSION", "SYSTEMROOT"] as const;

/** What a child process of the tests inherits: where programs are, and nothing of AWS, proxies or certificates. */
export function scrubbedEnv(home: string): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { HOME: home, PYTHONDONTWRITEBYTECODE: "1" };
  for (const name of inherited) {
    if (process.env[name] !== undefined) env[name] = process.env[name];
  }
  return env;
}

export interface AgentEnvOptions {
  readonly home: string;
  readonly profile: string;
  readonly proxyPort: number;
  /** What a Node client must trust besides the system's roots. */
  readonly caFile: string;
}

/** The terminal of an agent: the two exports the proxy prints, a region, and the CA for Node, which reads no `ca_bundle`. */
export function agentEnv({ home, profile, proxyPort, caFile }: AgentEnvOptions): NodeJS.ProcessEnv {
  return {
    ...scrubbedEnv(home),
    AWS_PROFILE: profile,
    HTTPS_PROXY: `http://localhost:${proxyPort}`,
    AWS_REGION: "us-east-1",
    AWS_DEFAULT_REGION: "us-east-1",
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_PAGER: "",
    NODE_EXTRA_CA_CERTS: caFile,
  };
}

/** Where the AWS SDKs read profiles in a home folder. */
export function awsConfigFile(home: string): string {
  return join(home, ".aws", "config");
}
