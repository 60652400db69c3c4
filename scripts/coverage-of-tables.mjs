/**
 * Prints what the tables of @iap/action-resolver cover and what they cost, beside what is aimed at: `npm run coverage-of-tables`. Needs the build;
 * with python3 and botocore, a request that botocore makes is resolved for each operation. The other counts are the
 * generator's (data/coverage.json); sizes and times are measured here, each in a fresh process.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../packages/action-resolver/", import.meta.url));

const json = (target, version) => [
  ["X-Amz-Target", target],
  ["Content-Type", `application/x-amz-json-${version}`],
  ["User-Agent", "aws-sdk-js/3"],
];
const form = [["Content-Type", "application/x-www-form-urlencoded"]];
const requests = {
  s3: {
    host: "reports.s3.eu-west-1.amazonaws.com",
    method: "GET",
    target: "/2026/january.csv?x-id=GetObject",
    headers: [],
    body: "",
  },
  lambda: {
    host: "lambda.eu-west-1.amazonaws.com",
    method: "POST",
    target: "/2015-03-31/functions/hello/invocations",
    headers: [],
    body: "{}",
  },
  dynamodb: {
    host: "dynamodb.eu-west-1.amazonaws.com",
    method: "POST",
    target: "/",
    headers: json("DynamoDB_20120810.GetItem", "1.0"),
    body: '{"TableName":"Music","Key":{"Artist":{"S":"No One You Know"},"SongTitle":{"S":"Call Me Today"}}}',
  },
  sqs: {
    host: "sqs.eu-west-1.amazonaws.com",
    method: "POST",
    target: "/",
    headers: json("AmazonSQS.SendMessage", "1.0"),
    body: '{"QueueUrl":"https://sqs.eu-west-1.amazonaws.com/123456789012/q","MessageBody":"hello"}',
  },
  ec2: {
    host: "ec2.eu-west-1.amazonaws.com",
    method: "POST",
    target: "/",
    headers: form,
    body: "Action=StopInstances&Version=2016-11-15&InstanceId.1=i-0123456789abcdef0&InstanceId.2=i-0123456789abcdef1",
  },
  iam: {
    host: "iam.amazonaws.com",
    method: "POST",
    target: "/",
    headers: form,
    body: "Action=GetRole&Version=2010-05-08&RoleName=deploy",
  },
};

if (process.argv[2] === "--measure") {
  const measure = { index, load, shard, memory, match, sent }[process.argv[3]];
  process.stdout.write(JSON.stringify(await measure(...process.argv.slice(4))));
} else {
  report();
}

function report() {
  const { operations, withAction, permissionless, unsigned, bearer, unknown, retired, newer, pairs } = JSON.parse(
    readFileSync(`${folder}data/coverage.json`, "utf8"),
  );
  const bearing = pairs.reviewed + pairs.concrete + pairs.part + pairs.missed + pairs.wildcard;
  const carried = pairs.reviewed + pairs.concrete + pairs.part + pairs.missed;
  const percent = (part, of) => `${((100 * part) / of).toFixed(2)} %`;
  const packed = JSON.parse(run("npm", ["pack", "--dry-run", "--json", "--silent"], folder))[0].size;
  const median = (what, ...more) => {
    const all = Array.from({ length: 5 }, () =>
      JSON.parse(run(process.execPath, [process.argv[1], "--measure", what, ...more])),
    );
    return all.sort((a, b) => a - b)[2];
  };
  const wire = JSON.parse(run(process.execPath, [process.argv[1], "--measure", "sent"]));
  const rows = [
    ...(wire === null
      ? [["requests for every operation", "not made", "needs python3 with botocore"]]
      : [
          [`requests for every operation, by botocore ${wire.botocore}`, String(wire.made), ""],
          ["resolved to their operation", percent(wire.resolved, wire.made), "100 %"],
          ["with neither checks nor a marker: let through unread", String(wire.unread), "0"],
        ]),
    ["operations in the tables", String(operations), ""],
    [
      "with an action, all in the Authorization Reference",
      percent(withAction, withAction + unknown - retired - newer),
      "99.5 %",
    ],
    ["needing none, unsigned, with a bearer token", `${permissionless}, ${unsigned}, ${bearer}`, ""],
    ["without a known action: denied", String(unknown - retired - newer), ""],
    ["newer than the Reference, of retired services: denied", `${newer}, ${retired}`, ""],
    ["(operation, action) pairs with a resource", String(bearing), ""],
    ["of these an ARN, or a wildcard that none could be for", percent(bearing - pairs.missed, bearing), "95 %"],
    ["an ARN, where a member names the resource", percent(pairs.reviewed + pairs.concrete, carried), "90 %"],
    ["package, packed", `${Math.round(packed / 1000)} kB`, "1000 kB"],
    ["index load", `${median("index").toFixed(1)} ms`, "10 ms"],
    ["import of the whole package", `${median("load").toFixed(1)} ms`, ""],
    ["shard load: ec2", `${median("shard", "ec2").toFixed(1)} ms`, "5 ms"],
    ["shard load: s3", `${median("shard", "s3").toFixed(1)} ms`, "5 ms"],
    ["shard load: lambda", `${median("shard", "lambda").toFixed(1)} ms`, "5 ms"],
    ["resident growth after 20 services", `${median("memory").toFixed(0)} MB`, "40 MB"],
    ...["s3", "lambda", "dynamodb", "sqs", "ec2", "iam"].map((name) => [
      `resolve, median: ${name}`,
      `${median("match", name).toFixed(1)} µs`,
      "10 µs + body",
    ]),
  ];
  for (const [what, is, aim] of rows) process.stdout.write(`${what.padEnd(54)} ${is.padStart(14)}   ${aim}\n`);
}

function run(command, args, cwd) {
  const { status, stdout, error } = spawnSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", 2] });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ended with ${status}`);
  return stdout;
}

/** A request for each operation, as botocore makes it, resolved; null without botocore. Services that have no table are retired. */
async function sent() {
  const { parseEndpoint } = await import(fileURLToPath(new URL("../packages/aws-core/dist/index.js", import.meta.url)));
  const resolver = await makeResolver();
  const python = spawn("python3", [`${folder}test/slow/requests.py`, "plain"], { stdio: ["ignore", "pipe", "ignore"] });
  const ended = new Promise((done) => python.on("close", done).on("error", () => done(1)));
  let botocore;
  let [made, resolved, unread] = [0, 0, 0];
  for await (const line of createInterface({ input: python.stdout })) {
    const one = JSON.parse(line);
    if (botocore === undefined) {
      botocore = one.botocore;
      continue;
    }
    const { service, operation, method, host, target, headers, body, scope } = one;
    if (!existsSync(`${folder}data/${service}.json`)) continue;
    made++;
    const endpoint = parseEndpoint(host);
    if (endpoint === undefined) continue;
    await resolver.load(scope.service);
    const request = { httpVersion: "1.1", method, target, headers, host, body: Buffer.from(body, "base64") };
    const call = resolver.resolve({ request, scope, endpoint }, { account: "123456789012" });
    // Two operations of S3 have an older name, too.
    const name = operation.replace(/^((?:Get|Put)Bucket(?:Lifecycle|Notification))$/, "$1Configuration");
    if (call.operations.includes(name)) resolved++;
    if (call.checks.length === 0 && call.marker === undefined) unread++;
  }
  return (await ended) === 0 ? { botocore, made, resolved, unread } : null;
}

async function makeResolver() {
  const { createResolver } = await import(`${folder}dist/index.js`);
  return createResolver({ load: async (name) => JSON.parse(readFileSync(`${folder}data/${name}.json`, "utf8")) });
}

async function index() {
  const start = process.hrtime.bigint();
  await import(`${folder}dist/shards.data.js`);
  return Number(process.hrtime.bigint() - start) / 1e6;
}

async function load() {
  const start = process.hrtime.bigint();
  await makeResolver();
  return Number(process.hrtime.bigint() - start) / 1e6;
}

async function shard(name) {
  const resolver = await makeResolver();
  await resolver.load("sts");
  const start = process.hrtime.bigint();
  await resolver.load(name);
  return Number(process.hrtime.bigint() - start) / 1e6;
}

async function memory() {
  const resolver = await makeResolver();
  const { shardsBySigningName } = await import(`${folder}dist/shards.data.js`);
  global.gc?.();
  const before = process.memoryUsage().rss;
  const names =
    "s3 ec2 iam sts lambda dynamodb sqs sns kms secretsmanager ssm ecs logs cloudformation states events kinesis ecr bedrock glue";
  for (const name of names.split(" ")) {
    await resolver.load(name);
    // An operation is read when it is first asked for: all of them.
    const shards = shardsBySigningName[name].split(" ");
    for (const service of shards) {
      const { operations } = JSON.parse(readFileSync(`${folder}data/${service}.json`, "utf8"));
      for (const operation of Object.keys(operations)) resolver.describeOperation(service, operation);
    }
  }
  return (process.memoryUsage().rss - before) / 1e6;
}

async function match(name) {
  const { parseEndpoint } = await import(fileURLToPath(new URL("../packages/aws-core/dist/index.js", import.meta.url)));
  const resolver = await makeResolver();
  const { host, method, target, headers, body } = requests[name];
  const endpoint = parseEndpoint(host);
  const scope = { date: "20260101", region: endpoint.region ?? "us-east-1", service: endpoint.signingNames[0] };
  await resolver.load(scope.service);
  const request = { httpVersion: "1.1", method, target, host, headers, body: Buffer.from(body) };
  const times = [];
  for (let i = 0; i < 30_000; i++) {
    const start = process.hrtime.bigint();
    resolver.resolve({ request, scope, endpoint }, { account: "123456789012" });
    times.push(Number(process.hrtime.bigint() - start) / 1e3);
  }
  return times.slice(10_000).sort((a, b) => a - b)[10_000];
}
