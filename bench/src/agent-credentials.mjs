import { Credentials } from "./workspace.mjs";

/** The keys a client of http-mitm-proxy signs with, as long as those the product vends. */
export const agentCredentials = new Credentials({
  accessKeyId: "ASIABENCHAGENT000000",
  secretAccessKey: "bench/agent/secret".padEnd(40, "0"),
  sessionToken: "bench/agent/token".padEnd(340, "0"),
});
