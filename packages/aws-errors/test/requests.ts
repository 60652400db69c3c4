import type { Headers, RequestHead } from "@iap/aws-core";
import type { WireForm } from "../src/index.ts";

/** A head as a client would send it to `host`. */
export function head(host: string, init: Partial<Omit<RequestHead, "host">> = {}): RequestHead {
  const { headers = [], ...rest } = init;
  return { httpVersion: "1.1", method: "POST", target: "/", ...rest, headers: [["Host", host], ...headers], host };
}

const form: Headers = [["Content-Type", "application/x-www-form-urlencoded; charset=utf-8"]];

function json(version: string): Headers {
  return [
    ["Content-Type", `application/x-amz-json-${version}`],
    ["X-Amz-Target", "Service.Operation"],
  ];
}

/** One request of each wire form. */
export const requests: Readonly<Record<WireForm, RequestHead>> = {
  s3: head("bucket.s3.us-east-1.amazonaws.com", { method: "GET", target: "/key" }),
  restXml: head("route53.amazonaws.com", { method: "GET", target: "/2013-04-01/hostedzone" }),
  awsQuery: head("sts.us-east-1.amazonaws.com", { headers: form }),
  ec2Query: head("ec2.us-east-1.amazonaws.com", { headers: form }),
  awsJson1_0: head("dynamodb.us-east-1.amazonaws.com", { headers: json("1.0") }),
  awsJson1_1: head("kms.us-east-1.amazonaws.com", { headers: json("1.1") }),
  restJson1: head("lambda.us-east-1.amazonaws.com", { method: "GET", target: "/2015-03-31/functions" }),
  rpcV2Cbor: head("monitoring.us-east-1.amazonaws.com", {
    target: "/service/GraniteServiceVersion20100801/operation/ListMetrics",
    headers: [
      ["smithy-protocol", "rpc-v2-cbor"],
      ["Content-Type", "application/cbor"],
    ],
  }),
};
