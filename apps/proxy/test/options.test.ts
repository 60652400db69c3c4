import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { type OptionName, type OptionSpec, readSettings, type Settings, startOptions } from "../src/options.ts";
import { UsageError } from "../src/usage-error.ts";

const dir = mkdtempSync(join(tmpdir(), "iap-options-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

let files = 0;
function configFile(content: unknown): string {
  const file = join(dir, `config-${files++}.json`);
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
  return file;
}

const enforced = { mode: "enforce", policy: ["p.json"] };

/** One valid value for each option, and what settings make of it. */
const examples: Readonly<Record<Exclude<OptionName, "config">, ExampleValue>> = {
  mode: { value: "enforce", variable: "enforce", setting: "mode", with: { policy: ["p.json"] } },
  policy: { value: ["a.json", "b.json"], variable: "a.json:b.json", setting: "policies", with: { mode: "enforce" } },
  boundary: { value: ["b.json", "c.json"], variable: "b.json:c.json", setting: "boundaries", with: enforced },
  "session-policy": { value: ["s.json"], variable: "s.json", setting: "sessionPolicies", with: enforced },
  "policy-for": {
    value: ["deploy-*=d.json", "ci=c.json"],
    variable: "deploy-*=d.json,ci=c.json",
    setting: "policiesFor",
    with: enforced,
  },
  "deny-action": { value: ["s3:Delete*", "iam:*"], variable: "s3:Delete*,iam:*", setting: "denyActions" },
  "allow-credentials-from": {
    value: ["sts:AssumeRole", "s3:CreateSession"],
    variable: "sts:AssumeRole,s3:CreateSession",
    setting: "allowCredentialsFrom",
  },
  "allow-unsigned": {
    value: ["cognito-idp:SignUp", "cognito-idp:InitiateAuth"],
    variable: "cognito-idp:SignUp,cognito-idp:InitiateAuth",
    setting: "allowUnsigned",
  },
  "allow-token": { value: ["eks", "rds"], variable: "eks,rds", setting: "allowTokens" },
  profile: { value: "dev", variable: "dev", setting: "profile" },
  "assume-role": {
    value: "arn:aws:iam::123456789012:role/ci/agent",
    variable: "arn:aws:iam::123456789012:role/ci/agent",
    setting: "assumeRole",
  },
  "source-identity": { value: false, variable: "false", setting: "sourceIdentity" },
  "session-tags": { value: false, variable: "0", setting: "sessionTags" },
  "dual-enforce": {
    value: true,
    variable: "true",
    setting: "dualEnforce",
    with: { ...enforced, "assume-role": "arn:aws:iam::123456789012:role/agent" },
  },
  "account-id": { value: "123456789012", variable: "123456789012", setting: "accountId" },
  "principal-arn": {
    value: "arn:aws:iam::123456789012:user/dev",
    variable: "arn:aws:iam::123456789012:user/dev",
    setting: "principalArn",
  },
  host: { value: ["127.0.0.1", "::1"], variable: "127.0.0.1,::1", setting: "hosts" },
  port: { value: 9090, variable: "9090", setting: "port" },
  "endpoint-port": { value: 8081, variable: "8081", setting: "endpointPort" },
  http2: {
    value: ["*.amazonaws.com", "a.api.aws"],
    variable: "*.amazonaws.com,a.api.aws",
    setting: "http2",
  },
  tunnel: { value: "deny", variable: "deny", setting: "tunnel" },
  "tunnel-host": {
    value: ["api.example.com", ".example.org"],
    variable: "api.example.com,.example.org",
    setting: "tunnelHosts",
  },
  workers: { value: 4, variable: "4", setting: "workers" },
  agent: { value: "ci", variable: "ci", setting: "agent" },
  region: { value: "eu-west-1", variable: "eu-west-1", setting: "region" },
  "keypair-ttl": { value: 900, variable: "900", setting: "keypairTtl" },
  sock: { value: "/tmp/s.sock", variable: "/tmp/s.sock", setting: "sock" },
  "upstream-map": {
    value: ["*.amazonaws.com=127.0.0.1:8443", "*=[::1]:9443"],
    variable: "*.amazonaws.com=127.0.0.1:8443,*=[::1]:9443",
    setting: "upstreamMap",
  },
  "upstream-ca": { value: "/tmp/ca.pem", variable: "/tmp/ca.pem", setting: "upstreamCa" },
  "allow-host": {
    value: ["abc.execute-api.eu-west-1.amazonaws.com=123456789012", "vpce-1.s3.eu-west-1.vpce.amazonaws.com"],
    variable: "abc.execute-api.eu-west-1.amazonaws.com=123456789012,vpce-1.s3.eu-west-1.vpce.amazonaws.com",
    setting: "allowHosts",
  },
  "user-agent-suffix": { value: "by {agent}", variable: "by {agent}", setting: "userAgentSuffix" },
  dir: { value: "/srv/iap", variable: "/srv/iap", setting: "dir" },
  "action-log": { value: "/tmp/a.log", variable: "/tmp/a.log", setting: "actionLog" },
  "activity-rotate": { value: 64, variable: "64", setting: "activityRotate" },
  "log-format": { value: "json", variable: "json", setting: "logFormat" },
  color: { value: false, variable: "false", setting: "color" },
};

interface ExampleValue {
  readonly value: unknown;
  readonly variable: string;
  readonly setting: keyof Settings;
  /** Other flags it needs. */
  readonly with?: Readonly<Record<string, unknown>>;
}

const names = Object.keys(examples) as (keyof typeof examples)[];
const specs = Object.entries(startOptions) as [OptionName, OptionSpec][];

describe("where an option may be set", () => {
  test("every option is here", () => {
    expect(names).toEqual(Object.keys(startOptions).filter((name) => name !== "config"));
  });

  test("each option is reachable by flag, by environment and by config file, with the same result", () =>
    fc.assert(
      fc.property(fc.subarray(names, { minLength: 1 }), fc.infiniteStream(fc.nat(2)), (chosen, ways) => {
        const flags: Record<string, unknown> = {};
        const env: Record<string, string> = { HOME: "/home/u" };
        const config: Record<string, unknown> = {};
        for (const name of chosen) {
          const { value, variable, with: others = {} } = examples[name];
          for (const [other, needed] of Object.entries(others)) {
            if (!chosen.includes(other as keyof typeof examples)) flags[other] = needed;
          }
          const way = ways.next().value;
          if (way === 0) flags[name] = value;
          else if (way === 1) env[startOptions[name].env] = variable;
          else config[name] = value;
        }
        const settings = readSettings({ ...flags, config: configFile(config) }, env);
        for (const name of chosen) expect(settings[examples[name].setting]).toEqual(examples[name].value);
      }),
      { numRuns: 200 },
    ));

  test.each(names)("--%s wins over its variable, and that over the config file", (name) => {
    const { value, variable, setting, with: others = {} } = examples[name];
    const other = otherValue(name);
    const config = configFile({ [name]: other.value });
    const env = { HOME: "/home/u", [startOptions[name].env]: other.variable };
    expect(readSettings({ ...others, [name]: value, config }, env)[setting]).toEqual(value);
    const fromEnv = readSettings({ ...others, config }, { HOME: "/home/u", [startOptions[name].env]: variable });
    expect(fromEnv[setting]).toEqual(value);
  });

  test("the config file itself is named by flag or environment", () => {
    const config = configFile({ port: 1234 });
    expect(readSettings({ config }, {}).port).toBe(1234);
    expect(readSettings({}, { PROXY_CONFIG: config }).port).toBe(1234);
    expect(readSettings({ config }, { PROXY_CONFIG: join(dir, "absent.json") }).port).toBe(1234);
  });

  test("a variable that is empty is not set", () => {
    const env = Object.fromEntries(specs.map(([, { env: variable }]) => [variable, ""]));
    expect(() => readSettings({}, { ...env, PROXY_CONFIG: undefined })).not.toThrow();
    expect(readSettings({}, { PROXY_PORT: "", AWS_PROFILE: "" })).toMatchObject({ port: 8080, profile: undefined });
  });
});

describe("the names of the environment variables", () => {
  test("those that users know keep theirs", () => {
    expect(Object.fromEntries(specs.map(([name, { env }]) => [name, env]))).toMatchObject({
      profile: "AWS_PROFILE",
      sock: "PROXY_SOCK_PATH",
      "keypair-ttl": "PROXY_KEYPAIR_TTL",
      mode: "PROXY_MODE",
      policy: "ALLOWLIST_PATH",
      "action-log": "ACTION_LOG_PATH",
    });
  });

  test("all others are PROXY_ and the option's name", () => {
    const own = new Set<OptionName>(["profile", "sock", "policy", "action-log"]);
    for (const [name, { env }] of specs) {
      if (!own.has(name)) expect(env).toBe(`PROXY_${name.toUpperCase().replaceAll("-", "_")}`);
    }
  });

  test("no two options share one", () => {
    expect(new Set(specs.map(([, { env }]) => env)).size).toBe(specs.length);
  });
});

test("an unknown kind of token is refused by name", () => {
  expect(() => readSettings({ "allow-token": ["eks,redshift"] }, { HOME: "/home/u" })).toThrow(
    '--allow-token takes eks, rds, dsql, codecommit, not "redshift"',
  );
});

test("without anything set, the defaults", () => {
  expect(readSettings({}, { HOME: "/home/u" })).toEqual({
    hosts: ["127.0.0.1", "::1"],
    port: 8080,
    endpointPort: undefined,
    workers: 1,
    dir: "/home/u/.iam-agent-proxy",
    mode: "record",
    policies: [],
    boundaries: [],
    sessionPolicies: [],
    policiesFor: [],
    denyActions: [],
    actionLog: "/home/u/.iam-agent-proxy/actions.log",
    activityRotate: 256,
    keypairTtl: 3600,
    sock: "/home/u/.iam-agent-proxy/creds.sock",
    profile: undefined,
    assumeRole: undefined,
    sourceIdentity: true,
    sessionTags: true,
    dualEnforce: false,
    region: undefined,
    accountId: undefined,
    principalArn: undefined,
    upstreamMap: [],
    upstreamCa: undefined,
    allowHosts: [],
    http2: [],
    allowCredentialsFrom: [],
    allowUnsigned: [],
    allowTokens: [],
    tunnel: "allow",
    tunnelHosts: [],
    agent: undefined,
    userAgentSuffix: "iam-agent-proxy/{version} agent/{agent} run/{run}",
    logFormat: "text",
    color: undefined,
  });
  expect(readSettings({}, {}).dir).toBe(join(homedir(), ".iam-agent-proxy"));
});

test("a host that is named for tunnels closes the others, unless told otherwise", () => {
  expect(readSettings({ "tunnel-host": ["api.example.com"] }, {}).tunnel).toBe("deny");
  expect(readSettings({ "tunnel-host": ["api.example.com"], tunnel: "allow" }, {}).tunnel).toBe("allow");
  expect(readSettings({}, {}, { tunnel: "deny" }).tunnel).toBe("deny");
  expect(() => readSettings({ "tunnel-host": ["https://api.example.com"] }, {})).toThrow("takes one host name");
});

test("socket and action log lie in the directory, wherever that is", () => {
  const { sock, actionLog } = readSettings({ dir: "/srv/iap" }, { HOME: "/home/u" });
  expect({ sock, actionLog }).toEqual({ sock: "/srv/iap/creds.sock", actionLog: "/srv/iap/actions.log" });
});

describe("lists", () => {
  test("of policies are separated like PATH in the environment, and may have one member anywhere", () => {
    const mode = { mode: "enforce" };
    expect(readSettings(mode, { ALLOWLIST_PATH: "/a.json::/b.json:" }).policies).toEqual(["/a.json", "/b.json"]);
    expect(readSettings({ ...mode, policy: "/a.json" }, {}).policies).toEqual(["/a.json"]);
    expect(readSettings({ ...mode, config: configFile({ policy: "/a.json" }) }, {}).policies).toEqual(["/a.json"]);
  });

  test("of addresses and maps, which hold colons, are separated by commas", () => {
    expect(readSettings({}, { PROXY_HOST: "::1,127.0.0.1" }).hosts).toEqual(["::1", "127.0.0.1"]);
    expect(readSettings({}, { PROXY_UPSTREAM_MAP: "a=b:1,c=[::1]:2" }).upstreamMap).toEqual(["a=b:1", "c=[::1]:2"]);
  });

  test("of nothing are the default", () => {
    expect(readSettings({ host: [] }, {}).hosts).toEqual(["127.0.0.1", "::1"]);
  });
});

describe("a wrong value is refused with where it was set and what it takes", () => {
  test.each<[flags: Partial<Record<OptionName, unknown>>, env: Record<string, string>, message: string]>([
    [{ mode: "enforced" }, {}, '--mode must be one of record, shadow, enforce, not "enforced"'],
    [{}, { PROXY_MODE: "Record" }, 'PROXY_MODE must be one of record, shadow, enforce, not "Record"'],
    [{ port: 65536 }, {}, "--port must be 0 to 65535, not 65536"],
    [{ port: -1 }, {}, "--port must be 0 to 65535, not -1"],
    [{ port: 80.5 }, {}, "--port must be 0 to 65535, not 80.5"],
    [{ port: [1, 2] }, {}, "--port must be given once, not [1,2]"],
    [{}, { PROXY_PORT: "80a" }, 'PROXY_PORT must be a number, not "80a"'],
    [{}, { PROXY_PORT: "0x50" }, 'PROXY_PORT must be a number, not "0x50"'],
    [{ workers: 0 }, {}, "--workers must be 1 to 64, not 0"],
    [{ workers: 1.5 }, {}, "--workers must be 1 to 64, not 1.5"],
    [{}, { PROXY_WORKERS: "65" }, "--workers must be 1 to 64, not 65"],
    [{ "keypair-ttl": 59 }, {}, "--keypair-ttl must be 60 to 43200 seconds, not 59"],
    [{}, { PROXY_KEYPAIR_TTL: "43201" }, "--keypair-ttl must be 60 to 43200 seconds, not 43201"],
    [{ "account-id": "12345" }, {}, "--account-id must be twelve digits, not 12345"],
    [{ "principal-arn": "dev" }, {}, "--principal-arn must be the ARN of an IAM or STS principal, not dev"],
    [{ dir: "" }, {}, "--dir must not be empty"],
    [{ dir: ["a", "b"] }, {}, '--dir must be given once, not ["a","b"]'],
    [{ config: ["a", "b"] }, {}, "--config must be given once"],
    [{ policy: [""] }, {}, "--policy must not be empty"],
    [{}, { PROXY_COLOR: "yes" }, 'PROXY_COLOR must be a boolean, not "yes"'],
    [{}, { PROXY_POLICY: "p.json" }, "PROXY_POLICY is not read: the variable of --policy is ALLOWLIST_PATH"],
    [{}, { PROXY_SOCK: "s" }, "PROXY_SOCK is not read: the variable of --sock is PROXY_SOCK_PATH"],
    [{}, { PROXY_TUNNEL: "no" }, 'PROXY_TUNNEL must be one of allow, deny, not "no"'],
    [{ "log-format": "xml" }, {}, '--log-format must be one of text, json, not "xml"'],
  ])("%j %j", (flags, env, message) => {
    const read = (): Settings => readSettings(flags, env);
    expect(read).toThrow(UsageError);
    expect(read).toThrow(message);
  });

  test.each([
    [{ port: "8080" }, 'port in FILE must be a number, not "8080"'],
    [{ color: 1 }, "color in FILE must be a boolean, not 1"],
    [{ policy: { a: 1 } }, 'policy in FILE must be a list of strings, not {"a":1}'],
    [{ host: [1] }, "host in FILE must be a list of strings, not [1]"],
    [{ "account-id": 123456789012 }, "account-id in FILE must be a string, not 123456789012"],
    [{ prot: 1 }, 'the config file FILE has an unknown option "prot"; did you mean "port"?'],
    [{ keypair_ttl: 60 }, 'the config file FILE has an unknown option "keypair_ttl"; did you mean "keypair-ttl"?'],
    [{ nothingLikeIt: 1 }, "they are named like the flags of start, without the dashes"],
    [{ config: "other.json" }, 'the config file FILE has an unknown option "config"'],
    [{ __proto__x: 1 }, 'unknown option "__proto__x"'],
    [{ toString: 1 }, 'unknown option "toString"'],
    [[], "the config file FILE must hold one JSON object of options"],
    ["null", "the config file FILE must hold one JSON object of options"],
    ["{port: 1}", "the config file FILE cannot be read: "],
  ])("config file %j", (content, message) => {
    const config = configFile(content);
    const read = (): Settings => readSettings({ config }, {});
    expect(read).toThrow(UsageError);
    expect(read).toThrow(message.replace("FILE", config));
  });

  test("a config file that is not there", () => {
    const config = join(dir, "absent.json");
    expect(() => readSettings({ config }, {})).toThrow(`the config file ${config} cannot be read: ENOENT`);
  });
});

test.each(["shadow", "enforce"])("%s mode needs a policy, and says how to come by one", (mode) => {
  expect(() => readSettings({ mode }, {})).toThrow(
    `--mode ${mode} needs a policy to hold the agent to: give --policy FILE (or ALLOWLIST_PATH). \`iam-agent-proxy policy\` writes one`,
  );
  expect(readSettings({ mode, policy: ["p.json"] }, {})).toMatchObject({ mode, policies: ["p.json"] });
});

test("a policy without a mode is refused: nobody should think it is enforced", () => {
  expect(() => readSettings({ policy: ["p.json"] }, {})).toThrow(/add --mode enforce/);
  expect(() => readSettings({}, { ALLOWLIST_PATH: "p.json" })).toThrow(/add --mode enforce/);
});

test("record mode, when asked for, holds the agent to no policy that is set", () => {
  expect(readSettings({ mode: "record" }, { ALLOWLIST_PATH: "p.json" })).toMatchObject({
    mode: "record",
    policies: [],
    boundaries: [],
    sessionPolicies: [],
    policiesFor: [],
    denyActions: [],
  });
});

test("a policy is given to a session only where one is assumed, and the agent held to it", () => {
  const assume = { "assume-role": "arn:aws:iam::123456789012:role/agent" };
  expect(() => readSettings({ ...enforced, "dual-enforce": true }, {})).toThrow(
    "--dual-enforce needs --assume-role ARN",
  );
  expect(() => readSettings({ ...assume, "dual-enforce": true }, {})).toThrow("--dual-enforce needs --mode enforce");
  expect(() => readSettings({ "assume-role": "agent" }, {})).toThrow("--assume-role must be the ARN of a role");
});

test("the suffix of the User-Agent can be turned off, and has no line breaks", () => {
  for (const off of [{ "user-agent-suffix": false }, { config: configFile({ "user-agent-suffix": false }) }]) {
    expect(readSettings(off, {}).userAgentSuffix).toBe(false);
  }
  expect(readSettings({}, { PROXY_USER_AGENT_SUFFIX: "false" }).userAgentSuffix).toBe(false);
  for (const wrong of ["a\r\nX-Evil: 1", " a", "é", "a".repeat(257)]) {
    expect(() => readSettings({ "user-agent-suffix": wrong }, {})).toThrow("printable ASCII characters");
  }
  expect(() => readSettings({ "user-agent-suffix": ["a", "b"] }, {})).toThrow("given once");
});

test("every usage error of an option exits with 2", () => {
  try {
    readSettings({ port: 70000 }, {});
    expect.unreachable();
  } catch (error) {
    expect((error as UsageError).exitCode).toBe(2);
  }
});

function otherValue(name: keyof typeof examples): { value: unknown; variable: string } {
  const { type, choices } = startOptions[name];
  if (choices !== undefined) {
    const [first = ""] = choices;
    return { value: first, variable: first };
  }
  switch (type) {
    case "number":
      return { value: 100, variable: "100" };
    case "boolean":
      return { value: true, variable: "1" };
    case "list":
      return { value: ["other"], variable: "other" };
    default:
      return { value: "other", variable: "other" };
  }
}
