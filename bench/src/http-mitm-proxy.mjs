/**
 * The peer, in a process of its own: http-mitm-proxy with its own certificates, verifying what comes in and signing it
 * anew. It neither resolves, decides nor records.
 */
import { readFileSync } from "node:fs";
import { Agent } from "node:https";
import { join } from "node:path";
import { connect } from "node:tls";
import { Proxy as MitmProxy } from "http-mitm-proxy";
import { agentCredentials } from "./agent-credentials.mjs";
import { serve } from "./serve.mjs";
import { upstreamCredentials } from "./upstream-credentials.mjs";
import { SigningKeys, sign, verify } from "./workspace.mjs";

const dayMs = 86_400_000;

serve({ listen });

/** @param {{ dir: string, upstreamPort: number, upstreamCa: string }} options */
async function listen({ dir, upstreamPort, upstreamCa }) {
  const sslCaDir = join(dir, "http-mitm-proxy");
  const httpsAgent = new Agent({ keepAlive: true });
  httpsAgent.createConnection = (options) =>
    connect({ ...options, host: "127.0.0.1", port: upstreamPort, servername: options.host, ca: upstreamCa });

  const proxy = new MitmProxy();
  proxy.onRequest(signAnew());
  await new Promise((resolve, reject) => {
    proxy.listen({ host: "127.0.0.1", port: 0, keepAlive: true, sslCaDir, httpsAgent }, (error) =>
      error ? reject(error) : resolve(),
    );
  });
  return { port: proxy.httpPort, ca: readFileSync(join(sslCaDir, "certs/ca.pem"), "utf8") };
}

function signAnew() {
  const signingKeys = new SigningKeys();
  const key = {
    agent: "bench",
    session: "bench",
    credentials: agentCredentials,
    notAfter: new Date(Date.now() + dayMs),
    upstream: "default",
  };
  const keys = { lookup: (accessKeyId) => (accessKeyId === agentCredentials.accessKeyId ? key : undefined) };

  return ({ clientToProxyRequest, proxyToServerRequestOptions }, done) => {
    try {
      const { method, url, rawHeaders } = clientToProxyRequest;
      const headers = [];
      for (let i = 0; i < rawHeaders.length; i += 2) headers.push([rawHeaders[i], rawHeaders[i + 1]]);
      const head = { httpVersion: "1.1", method, target: url, headers, host: proxyToServerRequestOptions.host };

      const now = new Date();
      const { authorization, payload, scope } = verify(head, { keys, now, signingKeys });
      const { region, service } = scope;
      const signed = sign(head, {
        credentials: upstreamCredentials,
        region,
        service,
        now,
        payload,
        signedHeaders: authorization.signedHeaders,
        signingKeys,
      });
      proxyToServerRequestOptions.path = signed.target;
      proxyToServerRequestOptions.headers = signed.headers;
      done();
    } catch (error) {
      done(error);
    }
  };
}
