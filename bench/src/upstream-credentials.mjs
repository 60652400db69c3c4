import { Credentials } from "./workspace.mjs";

/** The keys a proxy signs anew with, known to the upstream: worth nothing anywhere. */
export const upstreamCredentials = new Credentials({
  accessKeyId: "AKIABENCHUPSTREAM000",
  secretAccessKey: "bench/upstream/secret".padEnd(40, "0"),
});
