import { expect, test } from "vitest";
import { isEksCluster } from "../src/index.ts";

test.each([
  "0a1b2c3d4e5f60718293a4b5c6d7e8f9.gr7.us-east-1.eks.amazonaws.com",
  "0a1b2c3d4e5f60718293a4b5c6d7e8f9.yl4.cn-north-1.eks.amazonaws.com.cn",
  "0a1b2c3d4e5f60718293a4b5c6d7e8f9.sk1.eks-cluster.eu-west-1.api.aws",
])("%s is a cluster's", (host) => {
  expect(isEksCluster(host)).toBe(true);
});

test.each([
  "eks.us-east-1.amazonaws.com",
  "us-east-1.eks.amazonaws.com",
  "gr7.us-east-1.eks.amazonaws.com",
  "a.b.c.us-east-1.eks.amazonaws.com",
  "a.gr7.mars-north-1.eks.amazonaws.com",
  "a.gr7.us-east-1.eks.amazonaws.com.evil.com",
  "a.gr7.eks-cluster.us-east-1.evil.com",
  "eks-auth.us-east-1.api.aws",
  "a.gr7.us-east-1.sts.amazonaws.com",
])("%s is not", (host) => {
  expect(isEksCluster(host)).toBe(false);
});
