/**
 * How much memory sessions of roles take: opens as many as asked for, one after another as a chain of AssumeRole would, and
 * looks a key up for each. Run with --expose-gc; prints JSON, bytes.
 */
import { createSecretKey, randomBytes } from "node:crypto";
import { KeyVendor } from "@iap/cred-vendor";
import { RoleSessions } from "../../dist/virtual/role-sessions.js";

const [sessionsWanted = "10000"] = process.argv.slice(2);
const vendor = new KeyVendor({ installKey: createSecretKey(randomBytes(32)) });
const now = new Date();
const sessions = new RoleSessions({
  vendor,
  base: { credentials: () => Promise.reject(new Error("none")) },
  now: () => now,
});
const parent = vendor.issue({ agent: "agent", session: "s", ttlSeconds: 3600, now });
const expiration = new Date(now.getTime() + 3_600_000);
// AWS's tokens have some 1,000 characters.
const found = () => ({
  accessKeyId: `ASIA${randomBytes(8).toString("hex").toUpperCase()}`,
  secretAccessKey: randomBytes(30).toString("base64"),
  sessionToken: randomBytes(750).toString("base64"),
  expiration,
});
const used = () => {
  for (let i = 0; i < 4; i++) globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};
sessions.open(found(), {
  agent: "agent",
  session: "s",
  parent,
  from: "sts:AssumeRole",
  role: "arn:aws:iam::123456789012:role/0",
});
const before = used();
for (let i = 1; i < Number(sessionsWanted); i++) {
  const role = `arn:aws:iam::123456789012:role/ci/deploy-${i}`;
  const { accessKeyId, sessionToken } = sessions.open(found(), {
    agent: "agent",
    session: "s",
    parent,
    from: "sts:AssumeRole",
    role,
  }).credentials;
  if (vendor.lookup(accessKeyId, sessionToken) === undefined) throw new Error("a key is not found");
}
process.stdout.write(JSON.stringify({ size: sessions.size, bytes: used() - before }));
