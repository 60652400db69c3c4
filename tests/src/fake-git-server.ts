import { spawn } from "node:child_process";
import { createHash, createHmac } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { atEnd } from "./clean-up.ts";
import type { RealCredentials } from "./fake-aws/signature-oracle.ts";
import type { UpstreamAws } from "./target.ts";
import { TestCa } from "./test-ca.ts";

export interface FakeGitOptions {
  readonly credentials: RealCredentials;
  /** Holds the repositories, by name. */
  readonly root: string;
}

/** CodeCommit's git endpoint of us-east-1: git's own server behind AWS's passwords, each checked by the steps of AWS's helper. */
export class FakeGitServer implements UpstreamAws {
  readonly ca: TestCa;
  /** Method, target and User-Agent of the requests whose password was right. */
  readonly served: { readonly line: string; readonly userAgent: string }[] = [];
  /** Of those whose password was not, or that had none: why. */
  readonly refused: string[] = [];
  readonly #server: Server;
  readonly #options: FakeGitOptions;

  private constructor(ca: TestCa, options: FakeGitOptions) {
    this.ca = ca;
    this.#options = options;
    this.#server = createServer({ SNICallback: ca.sniCallback }, (request, response) => this.#serve(request, response));
  }

  static async start(options: FakeGitOptions): Promise<FakeGitServer> {
    const self = new FakeGitServer(await TestCa.create(), options);
    await new Promise<void>((done) => self.#server.listen(0, "127.0.0.1", done));
    atEnd(() => self.close());
    return self;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((done) => this.#server.close(() => done()));
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const { credentials, root } = this.#options;
    const [path = "", query = ""] = (request.url as string).split("?");
    // The proxy asks STS who it is.
    if (!path.startsWith("/v1/repos/")) return void response.writeHead(404).end();
    const why = fault(request, path, credentials);
    if (why !== undefined) {
      this.refused.push(why);
      response.writeHead(403, { "content-type": "text/plain" }).end("refused\n");
      return;
    }
    this.served.push({ line: `${request.method} ${request.url}`, userAgent: request.headers["user-agent"] ?? "" });
    const header = (name: string): string => String(request.headers[name] ?? "");
    const backend = spawn("git", ["http-backend"], {
      env: {
        PATH: process.env.PATH,
        GIT_PROJECT_ROOT: root,
        GIT_HTTP_EXPORT_ALL: "1",
        GIT_CONFIG_COUNT: "2",
        GIT_CONFIG_KEY_0: "http.receivepack",
        GIT_CONFIG_VALUE_0: "true",
        GIT_CONFIG_KEY_1: "safe.directory",
        GIT_CONFIG_VALUE_1: "*",
        REQUEST_METHOD: request.method as string,
        PATH_INFO: path.replace("/v1/repos", ""),
        QUERY_STRING: query,
        CONTENT_TYPE: header("content-type"),
        HTTP_CONTENT_ENCODING: header("content-encoding"),
        GIT_PROTOCOL: header("git-protocol"),
        REMOTE_USER: "agent",
        REMOTE_ADDR: "127.0.0.1",
      },
      stdio: ["pipe", "pipe", "inherit"],
    });
    backend.stdin.on("error", () => {});
    request.pipe(backend.stdin);
    const output: Buffer[] = [];
    backend.stdout.on("data", (chunk: Buffer) => output.push(chunk));
    backend.on("close", () => {
      // CGI (RFC 3875): a head, and what there is to say.
      const answer = Buffer.concat(output);
      const end = answer.indexOf("\r\n\r\n");
      const lines = answer.toString("latin1", 0, end).split("\r\n");
      const status = Number(/^Status: (\d+)/m.exec(lines.join("\n"))?.[1] ?? 200);
      const headers = lines
        .filter((line) => !line.startsWith("Status:"))
        .map((line) => line.split(": ") as [string, string]);
      response.writeHead(status, Object.fromEntries(headers)).end(answer.subarray(end + 4));
    });
  }
}

/** What is wrong with the password of a request. */
function fault(
  { headers }: IncomingMessage,
  path: string,
  { accessKeyId, secretAccessKey, sessionToken }: RealCredentials,
): string | undefined {
  const basic = /^Basic (.+)$/.exec(headers.authorization ?? "")?.[1];
  if (basic === undefined) return "no password";
  const [username = "", password = ""] = Buffer.from(basic, "base64").toString("latin1").split(":");
  if (username !== `${accessKeyId}%${sessionToken}`) return "another user name than the real one";
  const repository = /^\/v1\/repos\/[^/]+/.exec(path)?.[0];
  return password === gitPasswordOf(secretAccessKey, `${headers.host}${repository}`, password)
    ? undefined
    : "a wrong password";
}

/** The password that a secret key makes for a repository at the time that is in this one, by the steps of AWS's helper. */
export function gitPasswordOf(secretAccessKey: string, repository: string, password: string): string {
  const date = password.slice(0, 15);
  const day = date.slice(0, 8);
  const slash = repository.indexOf("/");
  const canonical = `GIT\n${repository.slice(slash)}\n\nhost:${repository.slice(0, slash)}\n\nhost\n`;
  const hash = createHash("sha256").update(canonical).digest("hex");
  const toSign = `AWS4-HMAC-SHA256\n${date}\n${day}/us-east-1/codecommit/aws4_request\n${hash}`;
  const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();
  const key = [day, "us-east-1", "codecommit", "aws4_request"].reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`);
  return `${date}Z${hmac(key, toSign).toString("hex")}`;
}
