/** A client that can be driven: how it is found here, and how it asks STS who it is. */
export interface DoctorClient {
  readonly name: string;
  /** Exits 0 where it is. */
  readonly find: readonly string[];
  /** The command; `url` is a presigned GetCallerIdentity, `javaFile` a program that fetches its argument. */
  readonly ask: (given: { readonly url: string; readonly javaFile: string }) => readonly string[];
  /** What to do when it goes past the proxy although its environment is right. */
  readonly bypassed?: string | undefined;
  /** A known way to fail before anything is sent: what it says then, and what to do. */
  readonly fails?: { readonly saying: RegExp; readonly fix: string } | undefined;
}

const python = (program: string): ((given: { readonly url: string }) => readonly string[]) => {
  return ({ url }) => ["python3", "-c", program, url];
};

/** The AWS clients, and what else programs are made of, that the doctor looks for. */
export const doctorClients: readonly DoctorClient[] = [
  {
    name: "AWS CLI",
    find: ["aws", "--version"],
    ask: () => ["aws", "sts", "get-caller-identity", "--output", "json"],
  },
  {
    name: "Python boto3",
    find: ["python3", "-c", "import boto3"],
    ask: python("import boto3; boto3.client('sts').get_caller_identity()"),
  },
  {
    name: "Python requests",
    find: ["python3", "-c", "import requests"],
    ask: python("import requests, sys; requests.get(sys.argv[1], timeout=10).raise_for_status()"),
  },
  {
    name: "Python httpx",
    find: ["python3", "-c", "import httpx"],
    ask: python("import httpx, sys; httpx.get(sys.argv[1], timeout=10).raise_for_status()"),
  },
  {
    name: "Python urllib",
    find: ["python3", "--version"],
    ask: python("import urllib.request, sys; urllib.request.urlopen(sys.argv[1], timeout=10).read()"),
  },
  {
    name: "Node.js AWS SDK",
    find: ["node", "--version"],
    // As the SDK's request handler does it: an agent of its own, which NODE_USE_ENV_PROXY does not reach.
    ask: ({ url }) => [
      "node",
      "-e",
      "const { Agent, get } = require('node:https'); get(process.argv[1], { agent: new Agent({ keepAlive: true }) }, (r) => process.exit(r.statusCode === 200 ? 0 : 1)).on('error', (e) => { console.error(e.message); process.exit(1); });",
      url,
    ],
    bypassed:
      "NODE_OPTIONS must load the proxy's preload: start it by `iam-agent-proxy run`, or by what `iam-agent-proxy env` prints",
  },
  {
    name: "Node.js fetch",
    find: ["node", "-e", "process.exit(Number(process.versions.node.split('.')[0]) >= 24 ? 0 : 1)"],
    ask: ({ url }) => ["node", "-e", "fetch(process.argv[1]).then((r) => process.exit(r.ok ? 0 : 1))", url],
  },
  { name: "curl", find: ["curl", "--version"], ask: ({ url }) => ["curl", "-sS", "--fail", "--max-time", "10", url] },
  {
    name: "Java",
    find: ["java", "-version"],
    ask: ({ url, javaFile }) => ["java", javaFile, url],
    bypassed: "JAVA_TOOL_OPTIONS must name the proxy: Java reads no proxy variable",
  },
  {
    name: "rclone (Go)",
    find: ["rclone", "version"],
    ask: () => [
      "rclone",
      "lsd",
      ":s3:",
      "--s3-provider=AWS",
      "--s3-env-auth",
      "--s3-region=us-east-1",
      "--retries=1",
      "--low-level-retries=1",
    ],
    fails: {
      saying: /unsupported transport/,
      fix: "rclone up to 1.60 fails with AWS_CA_BUNDLE: iam-agent-proxy run --no-aws-ca-bundle",
    },
  },
  {
    name: "Ruby",
    find: ["ruby", "--version"],
    ask: ({ url }) => ["ruby", "-ropen-uri", "-e", "URI.open(ARGV[0]).read", url],
  },
  {
    name: "Deno",
    find: ["deno", "--version"],
    ask: ({ url }) => ["deno", "eval", `const r = await fetch(${JSON.stringify(url)}); Deno.exit(r.ok ? 0 : 1)`],
  },
  {
    name: "PHP",
    find: ["php", "-r", "exit(extension_loaded('curl') ? 0 : 1);"],
    ask: ({ url }) => [
      "php",
      "-r",
      "$c = curl_init($argv[1]); curl_setopt($c, CURLOPT_RETURNTRANSFER, 1); exit(curl_exec($c) === false ? 1 : 0);",
      url,
    ],
  },
];

/** The Java program: a GET by HttpClient, configured by nothing but its environment. */
export const javaProgram = `import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

class Ask {
  public static void main(String[] args) throws Exception {
    var request = HttpRequest.newBuilder(URI.create(args[0])).build();
    var answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    System.exit(answer.statusCode() == 200 ? 0 : 1);
  }
}
`;
