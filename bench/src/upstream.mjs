/**
 * The S3 of the bench, in a process of its own: answers whatever is signed with the real access key. `GET /bytes/N` has N
 * bytes; `PUT /stall/N` reads its body after N milliseconds; everything else is 1 KB.
 */
import { createServer } from "node:https";
import { serve } from "./serve.mjs";
import { upstreamCredentials } from "./upstream-credentials.mjs";
import { CertificateAuthority } from "./workspace.mjs";

const kilobyte = Buffer.alloc(1024, "x");
const piece = Buffer.alloc(65_536, "x");
const signedBy = `AWS4-HMAC-SHA256 Credential=${upstreamCredentials.accessKeyId}/`;

serve({ listen });

/** @param {{ caDir: string }} options */
async function listen({ caDir }) {
  const authority = await CertificateAuthority.open({ dir: caDir, permittedDnsSuffixes: ["amazonaws.com"] });
  const server = createServer(
    {
      SNICallback: (host, done) =>
        authority.secureContext(host).then(
          (context) => done(null, context),
          (error) => done(error),
        ),
    },
    answer,
  );
  server.keepAliveTimeout = 300_000;
  server.requestTimeout = 0;
  await new Promise((resolve) => server.listen({ host: "127.0.0.1", port: 0, backlog: 1024 }, resolve));
  return { port: server.address().port };
}

function answer(request, response) {
  if (!request.headers.authorization?.startsWith(signedBy)) {
    response.writeHead(403, { "content-length": 0 }).end();
    return;
  }
  const [, kind, number] = /^\/(bytes|stall)\/(\d+)$/.exec(request.url) ?? [];
  if (kind === "bytes") return sendBytes(response, Number(number));
  request.on("end", () => {
    response.writeHead(200, { "content-length": kilobyte.length, "x-amz-request-id": "BENCH" }).end(kilobyte);
  });
  if (kind === "stall") setTimeout(() => request.resume(), Number(number));
  else request.resume();
}

function sendBytes(response, length) {
  response.writeHead(200, { "content-length": length, "x-amz-request-id": "BENCH" });
  let left = length;
  const more = () => {
    while (left > 0) {
      const next = left < piece.length ? piece.subarray(0, left) : piece;
      left -= next.length;
      if (!response.write(next)) {
        response.once("drain", more);
        return;
      }
    }
    response.end();
  };
  more();
}
