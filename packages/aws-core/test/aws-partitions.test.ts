import { expect, test } from "vitest";
import { awsPartitions } from "../src/aws-partitions.ts";

test("the partitions are those that ARNs name", () => {
  expect(awsPartitions).toEqual(expect.arrayContaining(["aws", "aws-cn", "aws-us-gov"]));
  expect(awsPartitions.every((id) => /^aws(-[a-z]+)*$/.test(id))).toBe(true);
});
