import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UnreadableAnswer } from "../../src/virtual/answer-tree.ts";
import { cborText } from "../../src/virtual/cbor-answer.ts";
import { credentialOutput } from "../../src/virtual/credential-output.ts";
import { credentialOutputs } from "../../src/virtual/credential-outputs.data.ts";
import { type FoundCredentials, virtualise } from "../../src/virtual/virtualise.ts";

const real = {
  id: "ASIAREALREALREALREAL",
  secret: "real/secret+with/base64/marks0000000000000",
  token: "IQoJb3JpZ2luX2VjE+/real/token==",
};
const fake = {
  accessKeyId: "ASIAFAKEFAKEFAKEFAKE",
  secretAccessKey: "fake/secret+aaaaaaaaaaaaaaaaaaaaaaaaaaaa",
  sessionToken: "f".repeat(340),
};

function run(
  operation: string,
  protocol: "awsQuery" | "restXml" | "awsJson1_1" | "restJson1" | "rpcV2Cbor",
  body: string | Buffer,
): { text: string; found: FoundCredentials[] } {
  const [service = "", name = ""] = operation.split(":");
  const output = credentialOutput({ service, operations: [name] });
  if (output === undefined) throw new Error(`${operation} has no output`);
  const found: FoundCredentials[] = [];
  const replace = (one: FoundCredentials) => {
    found.push(one);
    return fake;
  };
  return { text: virtualise(Buffer.from(body), { protocol, output, replace }).toString("latin1"), found };
}

const assumeRole = `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleResult>
    <AssumedRoleUser><AssumedRoleId>AROAEXAMPLE:s</AssumedRoleId><Arn>arn:aws:sts::123456789012:assumed-role/r/s</Arn></AssumedRoleUser>
    <Credentials>
      <AccessKeyId>${real.id}</AccessKeyId><SecretAccessKey>${real.secret}</SecretAccessKey>
      <SessionToken>${real.token}</SessionToken><Expiration>2030-01-01T00:00:00Z</Expiration>
    </Credentials>
  </AssumeRoleResult>
  <ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>
</AssumeRoleResponse>`;

describe("an answer of STS", () => {
  test("gets the fake pair and token, and keeps every other byte", () => {
    const { text, found } = run("sts:AssumeRole", "awsQuery", assumeRole);
    expect(text).toBe(
      assumeRole
        .replace(real.id, fake.accessKeyId)
        .replace(real.secret, fake.secretAccessKey)
        .replace(real.token, fake.sessionToken),
    );
    expect(found).toEqual([
      {
        accessKeyId: real.id,
        secretAccessKey: real.secret,
        sessionToken: real.token,
        expiration: new Date("2030-01-01T00:00:00Z"),
      },
    ]);
  });

  test("is read through references, comments, CDATA and attributes", () => {
    const odd = assumeRole
      .replace(real.secret, real.secret.replace("+", "&#43;").replace("/", "&#x2f;"))
      .replace(`<SessionToken>${real.token}`, `<SessionToken a='1>2'><![CDATA[${real.token}]]>`)
      .replace("<Credentials>", '<!-- <Credentials> --><Credentials b = "x">');
    const { text, found } = run("sts:AssumeRole", "awsQuery", `<?xml version="1.0"?>\n${odd}\n`);
    expect(found[0]).toMatchObject({ secretAccessKey: real.secret, sessionToken: real.token });
    expect(text).not.toMatch(/real/i);
  });

  test.each([
    "<AssumeRoleResponse><AssumeRoleResult><Credentials/></AssumeRoleResult></AssumeRoleResponse>",
    "\u{feff}<AssumeRoleResponse><AssumeRoleResult/><Note>a &amp; b</Note></AssumeRoleResponse>",
    "<AssumeRoleResponse><AssumeRoleResult><Credentials>none</Credentials></AssumeRoleResult></AssumeRoleResponse>",
  ])("without credentials is as it was: %s", (body) => {
    expect(run("sts:AssumeRole", "awsQuery", body).text).toBe(Buffer.from(body).toString("latin1"));
  });

  test.each<[string, (xml: string) => string]>([
    ["without a session token", (xml) => xml.replace(/<SessionToken>.*<\/SessionToken>/, "")],
    ["with two secrets", (xml) => xml.replace("</Credentials>", "<SecretAccessKey>x</SecretAccessKey></Credentials>")],
    ["with two sets", (xml) => xml.replace(/(<Credentials>[\s\S]*<\/Credentials>)/, "$1$1")],
    ["that repeats the token elsewhere", (xml) => xml.replace("<RequestId>r", `<RequestId>${real.token}`)],
    [
      "that spells the token otherwise elsewhere",
      (xml) => xml.replace("<RequestId>r", `<RequestId>&#x49;${real.token.slice(1)}`),
    ],
    ["under another name", (xml) => xml.replaceAll("Credentials>", "Creds>")],
    ["whose wrapper is another", (xml) => xml.replaceAll("AssumeRoleResult", "OtherResult")],
    ["that is cut off", (xml) => xml.slice(0, -3)],
    ["with a document type", (xml) => `<!DOCTYPE x [<!ENTITY e "${real.secret}">]>${xml}`],
    ["with an unknown entity", (xml) => xml.replace(real.secret, "&e;")],
    [
      "with another pair in a comment",
      (xml) => xml.replace("<Credentials>", "<!-- AKIAOTHEROTHEROTHER0 --><Credentials>"),
    ],
    ["that is JSON", () => JSON.stringify({ AccessKeyId: real.id })],
    ["that is empty", () => ""],
    ["whose expiration is no time", (xml) => xml.replace("2030-01-01T00:00:00Z", "soon")],
    [
      "that repeats the secret in a comment",
      (xml) => xml.replace("<Credentials>", `<!-- ${real.secret} --><Credentials>`),
    ],
    ["whose comment does not end", (xml) => xml.replace("<Credentials>", "<!-- <Credentials>")],
    ["that ends in the middle of a text", (xml) => xml.slice(0, xml.indexOf(real.token) + 5)],
    ["that nests without end", () => "<a>".repeat(100_000)],
    ["with more behind it", (xml) => `${xml}<More/>`],
    ["with text beside the elements", (xml) => xml.replace("<Credentials>", `<Credentials>${real.secret}`)],
  ])("%s is withheld", (_name, change) => {
    expect(() => run("sts:AssumeRole", "awsQuery", change(assumeRole))).toThrow(UnreadableAnswer);
  });
});

describe("an answer in JSON", () => {
  const pair = { accessKeyId: real.id, secretAccessKey: real.secret, sessionToken: real.token };

  test("is replaced in place, with its spaces, order and escapes elsewhere", () => {
    const body = `{ "x" : "\\u0041\\"", "roleCredentials":{"expiration": 1893456000000,\n"sessionToken":"${real.token.replaceAll("/", "\\/")}", "accessKeyId":"${real.id}","secretAccessKey":"${real.secret}"}, "n":[1,-2.5e3,true,null,{}] }`;
    const { text, found } = run("sso:GetRoleCredentials", "restJson1", body);
    expect(found).toMatchObject([{ sessionToken: real.token, expiration: new Date(1_893_456_000_000) }]);
    expect(text).toBe(
      body
        .replace(real.token.replaceAll("/", "\\/"), fake.sessionToken)
        .replace(real.id, fake.accessKeyId)
        .replace(real.secret, fake.secretAccessKey),
    );
  });

  test("has each item of a list replaced, and items without credentials left alone", () => {
    const body = JSON.stringify({
      jobs: [{ data: { artifactCredentials: pair } }, { data: {} }, { data: { artifactCredentials: pair } }],
    });
    const { text, found } = run("codepipeline:PollForJobs", "awsJson1_1", body);
    expect(found).toHaveLength(2);
    expect(JSON.parse(text)).toEqual({
      jobs: [{ data: { artifactCredentials: fake } }, { data: {} }, { data: { artifactCredentials: fake } }],
    });
  });

  test.each(["{}", '{"jobs":[]}', '{"jobs":null}', '{"jobs":[{"data":{"artifactCredentials":null}}]}'])(
    "without credentials is as it was: %s",
    (body) => {
      expect(run("codepipeline:PollForJobs", "awsJson1_1", body).text).toBe(body);
    },
  );

  test("reads seconds, with fractions", () => {
    const body = JSON.stringify({
      Credentials: {
        AccessKeyId: real.id,
        SecretKey: real.secret,
        SessionToken: real.token,
        Expiration: 1.8934560005e9,
      },
    });
    const { found } = run("cognito-identity:GetCredentialsForIdentity", "awsJson1_1", body);
    expect(found[0]?.expiration).toEqual(new Date(1_893_456_000_500));
  });

  test.each<[string, string]>([
    ["with a key twice", `{"roleCredentials":{},"roleCredentials":${JSON.stringify(pair)}}`],
    ["with a secret that is a number", JSON.stringify({ roleCredentials: { ...pair, secretAccessKey: 1 } })],
    ["in another place", JSON.stringify({ other: pair })],
    [
      "that repeats the secret in escapes",
      `{"roleCredentials":${JSON.stringify(pair)},"x":["\\u0072${real.secret.slice(1)}"]}`,
    ],
    ["with another pair beside it", JSON.stringify({ roleCredentials: pair, more: { id: "AKIAOTHEROTHEROTHER0" } })],
    ["with a comma too many", `{"roleCredentials":{},}`],
    ["with more behind it", `{} {}`],
    ["that is no JSON", "oops"],
    ["that nests without end", "[".repeat(100_000)],
    ["whose list is none", `{"jobs":{}}`],
    ["that is a text", `"${real.id}"`],
  ])("%s is withheld", (_name, body) => {
    const operation = body.includes("jobs") ? "codepipeline:PollForJobs" : "sso:GetRoleCredentials";
    expect(() => run(operation, "restJson1", body)).toThrow(UnreadableAnswer);
  });

  test("that is not UTF-8 is withheld", () => {
    expect(() => run("sso:GetRoleCredentials", "restJson1", Buffer.from([0x22, 0xff, 0x22]))).toThrow(UnreadableAnswer);
  });
});

describe("an answer in CBOR", () => {
  test("is replaced, and keeps the rest", () => {
    const body = map([
      ["n", Buffer.from([0x1a, 0x66, 0, 0, 0])],
      [
        "UploadCredentials",
        map([
          ["AccessKeyId", text(real.id)],
          ["SecretAccessKey", text(real.secret)],
          ["SessionToken", text(real.token)],
        ]),
      ],
      ["t", Buffer.from([0xc1, 0xfb, 0x41, 0xdc, 0x38, 0x1f, 0, 0, 0, 0])],
    ]);
    const { text: out, found } = run("gamelift:CreateBuild", "rpcV2Cbor", body);
    expect(found).toHaveLength(1);
    expect(out).toBe(
      map([
        ["n", Buffer.from([0x1a, 0x66, 0, 0, 0])],
        [
          "UploadCredentials",
          map([
            ["AccessKeyId", text(fake.accessKeyId)],
            ["SecretAccessKey", text(fake.secretAccessKey)],
            ["SessionToken", text(fake.sessionToken)],
          ]),
        ],
        ["t", Buffer.from([0xc1, 0xfb, 0x41, 0xdc, 0x38, 0x1f, 0, 0, 0, 0])],
      ]).toString("latin1"),
    );
  });

  test("of indefinite length, with a token in pieces, is replaced too", () => {
    const inPieces = Buffer.concat([
      Buffer.of(0x7f),
      text(real.token.slice(0, 5)),
      text(real.token.slice(5)),
      Buffer.of(0xff),
    ]);
    const inner = Buffer.concat([
      Buffer.of(0xbf),
      text("AccessKeyId"),
      text(real.id),
      text("SecretAccessKey"),
      text(real.secret),
      text("SessionToken"),
      inPieces,
      Buffer.of(0xff),
    ]);
    const body = Buffer.concat([Buffer.of(0xbf), text("Credentials"), inner, Buffer.of(0xff)]);
    const { text: out, found } = run("gamelift:GetComputeAccess", "rpcV2Cbor", body);
    expect(found[0]?.sessionToken).toBe(real.token);
    expect(out).not.toContain("IQoJ");
  });

  test("that is cut off, or has a key that is no text, is withheld", () => {
    const body = map([["Credentials", map([["AccessKeyId", text(real.id)]])]]);
    for (let length = 0; length < body.length; length++) {
      expect(() => run("gamelift:GetComputeAccess", "rpcV2Cbor", body.subarray(0, length))).toThrow(UnreadableAnswer);
    }
    for (const bad of [Buffer.from([0xa1, 0x01, 0x01]), Buffer.alloc(1000, 0x81)]) {
      expect(() => run("gamelift:GetComputeAccess", "rpcV2Cbor", bad)).toThrow(UnreadableAnswer);
    }
  });

  test("is given no text that is longer than any token", () => {
    expect(cborText("x".repeat(65_535)).length).toBe(65_538);
    expect(() => cborText("x".repeat(65_536))).toThrow(RangeError);
  });

  function text(value: string): Buffer {
    const bytes = Buffer.from(value);
    const head =
      bytes.length < 24
        ? [0x60 | bytes.length]
        : bytes.length < 256
          ? [0x78, bytes.length]
          : [0x79, bytes.length >> 8, bytes.length & 255];
    return Buffer.concat([Buffer.from(head), bytes]);
  }
  function map(members: readonly (readonly [string, Buffer])[]): Buffer {
    return Buffer.concat([
      Buffer.of(0xa0 | members.length),
      ...members.flatMap(([name, value]) => [text(name), value]),
    ]);
  }
});

describe("whatever an answer holds", () => {
  const operations = Object.entries(credentialOutputs);

  test("of any operation, its JSON form is replaced wherever the models put the credentials", () => {
    for (const [operation, output] of operations) {
      const pair = {
        [output.accessKeyId]: real.id,
        [output.secretAccessKey]: real.secret,
        [output.sessionToken]: real.token,
      };
      const body = [...output.path]
        .reverse()
        .reduce<unknown>((inner, name) => (name === "[]" ? [inner] : { [name]: inner }), pair);
      const { text } = run(operation, "restJson1", JSON.stringify(body));
      expect(text, operation).toContain(fake.sessionToken);
      expect(text, operation).not.toMatch(/real/i);
    }
    expect(operations.length).toBeGreaterThan(30);
  });

  test("bytes at random are withheld or returned without a real secret in them, and never crash", () => {
    const seeds = [Buffer.from(assumeRole), Buffer.from(JSON.stringify({ roleCredentials: { accessKeyId: real.id } }))];
    fc.assert(
      fc.property(
        fc.constantFrom(...seeds),
        fc.array(fc.tuple(fc.nat(2000), fc.integer({ min: 0, max: 255 })), { maxLength: 8 }),
        fc.constantFrom("awsQuery" as const, "restJson1" as const, "rpcV2Cbor" as const),
        (seed, changes, protocol) => {
          const body = Buffer.from(seed);
          for (const [at, byte] of changes) body[at % body.length] = byte;
          try {
            const { text } = run("sts:AssumeRole", protocol, body);
            for (const secret of Object.values(real)) expect(text).not.toContain(secret);
          } catch (error) {
            expect(error).toBeInstanceOf(UnreadableAnswer);
          }
        },
      ),
      { numRuns: 3000 },
    );
  });

  test("a secret that stands anywhere else, in whatever spelling, is withheld; nothing that is read holds one", () => {
    const escaped = (text: string, every: number): string =>
      [...text].map((c, i) => (i % every === 0 ? `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}` : c)).join("");
    const pair = { accessKeyId: real.id, secretAccessKey: real.secret, sessionToken: real.token };
    const place = fc.constantFrom(
      (json: string, text: string) => json.replace("{", `{"Again":"${text}",`),
      (json: string, text: string) => json.replace("{", `{"List":[{"x":["<${text}>"]}],`),
      (json: string, text: string) => json.replace("{", `{"${text}":1,`),
      (json: string) => json,
    );
    const secrets = fc.constantFrom(...Object.values(real));
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), secrets, fc.nat(7), place, (rest, secret, every, put) => {
        const whole = JSON.stringify({ ...rest, roleCredentials: pair });
        const body = put(whole, every === 0 ? secret : escaped(secret, every));
        try {
          const { text } = run("sso:GetRoleCredentials", "restJson1", body);
          const read = JSON.stringify(JSON.parse(text)) + text;
          for (const each of Object.values(real)) expect(read).not.toContain(each);
        } catch (error) {
          expect(error).toBeInstanceOf(UnreadableAnswer);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test("CBOR at random never crashes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          run("gamelift:CreateBuild", "rpcV2Cbor", Buffer.from(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(UnreadableAnswer);
        }
      }),
      { numRuns: 3000 },
    );
  });
});
