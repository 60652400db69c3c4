/**
 * The AWS SDK for JavaScript with temporary credentials of roles, one assumed by the other, in a process that stays.
 *
 *   node role-sessions.mjs ROLE_ARN...
 *
 * makes one call for each line of standard input, with the session of the last role, and prints who it is as a line of
 * JSON: { arn } or { error, attempts }. A line `roles NAME...` assumes these roles at once, each with its own session, and
 * prints who each is.
 */
import { createInterface } from "node:readline";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { fromIni, fromTemporaryCredentials } from "@aws-sdk/credential-providers";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { HttpsProxyAgent } from "https-proxy-agent";

const httpsAgent = new HttpsProxyAgent(process.env.HTTPS_PROXY, { keepAlive: true });
const clientConfig = { region: process.env.AWS_REGION, requestHandler: new NodeHttpHandler({ httpsAgent }) };
const own = fromIni({ profile: process.env.AWS_PROFILE });
const assume = (masterCredentials, RoleArn) =>
  fromTemporaryCredentials({ masterCredentials, clientConfig, params: { RoleArn, RoleSessionName: "agent" } });
const client = (credentials) => new STSClient({ ...clientConfig, credentials });
const whoIs = async (sts) => (await sts.send(new GetCallerIdentityCommand({}))).Arn;

const sts = client(process.argv.slice(2).reduce(assume, own));
for await (const line of createInterface({ input: process.stdin })) {
  const [what, ...names] = line.split(" ");
  try {
    const answer =
      what === "roles"
        ? { arns: await Promise.all(names.map((arn) => whoIs(client(assume(own, arn))))) }
        : { arn: await whoIs(sts) };
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ error: error.name, attempts: error.$metadata?.attempts })}\n`);
  }
}
