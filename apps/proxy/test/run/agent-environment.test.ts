import { describe, expect, test } from "vitest";
import { type AgentEnvironmentOptions, agentEnvironment, applied } from "../../src/run/agent-environment.ts";

const files = {
  config: "/run/r/aws-config",
  credentials: "/run/r/aws-credentials",
  caBundle: "/run/r/ca-bundle.pem",
  nodeCa: "/run/r/ca.pem",
  trustStore: "/run/r/truststore.p12",
  socket: "/run/r/creds.sock",
  nodePreload: "/run/r/node-proxy.cjs",
  phpIni: "/run/r/iam-agent-proxy.ini",
};
const proxyUrl = "http://run:pw@127.0.0.1:4000";
const options: AgentEnvironmentOptions = {
  inherited: {},
  proxyUrl,
  jvmProxy: { host: "127.0.0.1", port: 4001 },
  files,
};
const java =
  "-Dhttp.proxyHost=127.0.0.1 -Dhttp.proxyPort=4001 -Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=4001 -Dhttp.nonProxyHosts=localhost|127.*|[::1] -Djavax.net.ssl.trustStore=/run/r/truststore.p12 -Djavax.net.ssl.trustStoreType=PKCS12";

const fresh: Readonly<Record<string, string>> = {
  HTTPS_PROXY: proxyUrl,
  https_proxy: proxyUrl,
  HTTP_PROXY: proxyUrl,
  http_proxy: proxyUrl,
  NO_PROXY: "localhost,127.0.0.1,::1",
  no_proxy: "localhost,127.0.0.1,::1",
  NODE_USE_ENV_PROXY: "1",
  NODE_OPTIONS: "--require /run/r/node-proxy.cjs",
  JAVA_TOOL_OPTIONS: java,
  AWS_CA_BUNDLE: files.caBundle,
  SSL_CERT_FILE: files.caBundle,
  REQUESTS_CA_BUNDLE: files.caBundle,
  CURL_CA_BUNDLE: files.caBundle,
  GIT_SSL_CAINFO: files.caBundle,
  PIP_CERT: files.caBundle,
  DENO_CERT: files.caBundle,
  CARGO_HTTP_CAINFO: files.caBundle,
  npm_config_cafile: files.caBundle,
  RCLONE_CA_CERT: files.caBundle,
  CODEX_CA_CERTIFICATE: files.caBundle,
  NIX_SSL_CERT_FILE: files.caBundle,
  HTTPLIB2_CA_CERTS: files.caBundle,
  GRPC_DEFAULT_SSL_ROOTS_FILE_PATH: files.caBundle,
  CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE: files.caBundle,
  NODE_EXTRA_CA_CERTS: files.nodeCa,
  PHP_INI_SCAN_DIR: ":/run/r",
  AWS_CONFIG_FILE: files.config,
  AWS_SHARED_CREDENTIALS_FILE: files.credentials,
  PROXY_SOCK_PATH: files.socket,
  AWS_SDK_LOAD_CONFIG: "1",
  AWS_EC2_METADATA_DISABLED: "true",
  AWS_STS_REGIONAL_ENDPOINTS: "regional",
  AWS_PROFILE: "iam-agent-proxy",
};

test("from an empty environment it is exactly this", () => {
  expect(agentEnvironment(options)).toEqual({ set: fresh, unset: [], warnings: [] });
});

/** What becomes of an inherited variable: its value, or undefined when it is gone. */
const becomes: readonly (readonly [string, string, string | undefined])[] = [
  ["PATH", "/bin", "/bin"],
  ["AWS_PAGER", "", ""],
  ["AWS_MAX_ATTEMPTS", "2", "2"],
  ["AWS_REGION", "eu-west-1", "eu-west-1"],
  ["AWS_PROFILE", "prod", "iam-agent-proxy"],
  ["AWS_DEFAULT_PROFILE", "prod", undefined],
  ["AWS_ACCESS_KEY_ID", "AKIAREALREALREALREAL", undefined],
  ["AWS_SECRET_ACCESS_KEY", "real", undefined],
  ["AWS_SESSION_TOKEN", "real", undefined],
  ["AWS_SECURITY_TOKEN", "real", undefined],
  ["AWS_CREDENTIAL_EXPIRATION", "2030-01-01T00:00:00Z", undefined],
  ["AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/x", undefined],
  ["AWS_ROLE_SESSION_NAME", "me", undefined],
  ["AWS_WEB_IDENTITY_TOKEN_FILE", "/var/run/token", undefined],
  ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/x", undefined],
  ["AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1", undefined],
  ["AWS_CONTAINER_AUTHORIZATION_TOKEN", "real", undefined],
  ["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/var/run/token", undefined],
  ["AWS_BEARER_TOKEN_BEDROCK", "real", undefined],
  ["AWS_VAULT", "prod", undefined],
  ["AWS_SSO_ACCOUNT_ID", "123456789012", undefined],
  ["AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1338", undefined],
  ["AWS_ENDPOINT_URL", "http://elsewhere", undefined],
  ["AWS_ENDPOINT_URL_S3", "http://elsewhere", undefined],
  ["TF_VAR_aws_secret_key", "real", undefined],
  ["RCLONE_S3_SECRET_ACCESS_KEY", "real", undefined],
  ["aws_ca_bundle", "/corp.pem", undefined],
  ["SSL_CERT_DIR", "/etc/ssl/certs", undefined],
  ["SSL_CERT_FILE", "/corp.pem", files.caBundle],
  ["ALL_PROXY", "socks5://corp:1080", undefined],
  ["all_proxy", "socks5://corp:1080", undefined],
  ["https_proxy", "http://u:p@corp:3128", proxyUrl],
  ["NODE_OPTIONS", "--max-old-space-size=4096", "--max-old-space-size=4096 --require /run/r/node-proxy.cjs"],
  ["JAVA_TOOL_OPTIONS", "-Xmx1g", `-Xmx1g ${java}`],
];

test.each(becomes)("an inherited %s=%s becomes %s", (name, value, expected) => {
  const inherited = { [name]: value };
  expect(applied(agentEnvironment({ ...options, inherited }), inherited)[name]).toBe(expected);
});

test("a variable that holds the real secret under another name goes too", () => {
  const secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
  const inherited = { AWS_SECRET_ACCESS_KEY: secret, MY_URL: `s3://AKIA:${secret}@bucket`, OTHER: "value" };
  const { unset } = agentEnvironment({ ...options, inherited });
  expect(unset).toEqual(["AWS_SECRET_ACCESS_KEY", "MY_URL"]);
});

describe("regions", () => {
  test.each([
    [{}, "us-west-2", ["us-west-2", "us-west-2"]],
    [{ AWS_REGION: "eu-west-1" }, undefined, ["eu-west-1", "eu-west-1"]],
    [{ AWS_DEFAULT_REGION: "eu-west-1" }, undefined, ["eu-west-1", "eu-west-1"]],
    [{ AWS_REGION: "eu-west-1", AWS_DEFAULT_REGION: "eu-west-2" }, undefined, ["eu-west-1", "eu-west-2"]],
    [{}, undefined, [undefined, undefined]],
  ] as const)("with %j inherited and %s configured are %j", (inherited, region, expected) => {
    const env = applied(agentEnvironment({ ...options, inherited, region }), inherited);
    expect([env.AWS_REGION, env.AWS_DEFAULT_REGION]).toEqual(expected);
  });
});

test("--keep leaves a variable as it is, and warns of one with credentials", () => {
  const inherited = { AWS_BEARER_TOKEN_BEDROCK: "real", SSL_CERT_DIR: "/certs", NODE_OPTIONS: "--x" };
  const changes = agentEnvironment({ ...options, inherited, keep: Object.keys(inherited) });
  expect(applied(changes, inherited)).toMatchObject(inherited);
  expect(changes.warnings).toEqual([
    "AWS_BEARER_TOKEN_BEDROCK is kept: it may hold real credentials, and the agent sees it",
    "NODE_OPTIONS is kept: the AWS SDK for JavaScript goes past the proxy",
  ]);
});

test("--env wins over everything", () => {
  const changes = agentEnvironment({ ...options, set: { AWS_PROFILE: "mine", NEW: "1" } });
  expect(changes.set).toMatchObject({ AWS_PROFILE: "mine", NEW: "1" });
});

test("--no-aws-ca-bundle leaves AWS_CA_BUNDLE out, also an inherited one", () => {
  const inherited = { AWS_CA_BUNDLE: "/corp.pem" };
  const env = applied(agentEnvironment({ ...options, inherited, awsCaBundle: false }), inherited);
  expect(env.AWS_CA_BUNDLE).toBeUndefined();
  expect(env.SSL_CERT_FILE).toBe(files.caBundle);
});

test("static keys stand in place of the profile", () => {
  const staticKeys = { accessKeyId: "ASIAFAKE", secretAccessKey: "fake", sessionToken: "token" };
  const inherited = { AWS_PROFILE: "prod", AWS_ACCESS_KEY_ID: "AKIAREAL" };
  const env = applied(agentEnvironment({ ...options, inherited, staticKeys }), inherited);
  expect(env).toMatchObject({
    AWS_ACCESS_KEY_ID: "ASIAFAKE",
    AWS_SECRET_ACCESS_KEY: "fake",
    AWS_SESSION_TOKEN: "token",
  });
  expect(env.AWS_PROFILE).toBeUndefined();
});

test("an inherited NO_PROXY that exempts AWS is cut, in both cases, with a warning", () => {
  const inherited = { NO_PROXY: "*", no_proxy: ".corp.example,.amazonaws.com" };
  const { set, warnings } = agentEnvironment({ ...options, inherited });
  expect([set.NO_PROXY, set.no_proxy]).toEqual(Array(2).fill("localhost,127.0.0.1,::1,.corp.example"));
  expect(warnings).toEqual(["NO_PROXY exempts .amazonaws.com, *, and so AWS: the agent's does not have that"]);
});

test("paths with spaces and quotes are one word for Node and for Java", () => {
  const odd = { ...files, nodePreload: '/home/a "b"/p.cjs', trustStore: '/home/a "b"/t.p12' };
  const { set } = agentEnvironment({ ...options, files: odd });
  expect(set.NODE_OPTIONS).toBe('--require "/home/a \\"b\\"/p.cjs"');
  expect(set.JAVA_TOOL_OPTIONS).toContain(`"-Djavax.net.ssl.trustStore=/home/a "'"'"b"'"'"/t.p12"`);
});
