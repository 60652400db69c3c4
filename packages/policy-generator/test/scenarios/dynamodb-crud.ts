import type { ScenarioCall } from "../support/scenario.ts";
import { call, need } from "../support/scenario.ts";

/** An order service: reads and writes one table, queries its index. */
const region = "eu-central-1";
const table = "arn:aws:dynamodb:eu-central-1:123456789012:table/orders";
const index = `${table}/index/by-customer`;
const on = (action: string, resource: string): ScenarioCall =>
  call(`dynamodb:${action}`, [need(region, `dynamodb:${action}`, resource)]);

export const dynamodbCrud: readonly ScenarioCall[] = [
  on("DescribeTable", table),
  on("PutItem", table),
  on("GetItem", table),
  on("GetItem", table),
  on("Query", table),
  on("Query", index),
  on("UpdateItem", table),
  // The condition did not hold: AWS had allowed it to be tried.
  call("dynamodb:PutItem", [need(region, "dynamodb:PutItem", table)], {
    finished: { status: 400, errorCode: "ConditionalCheckFailedException" },
  }),
  call("dynamodb:TransactWriteItems", [
    need(region, "dynamodb:ConditionCheckItem", table),
    need(region, "dynamodb:PutItem", table),
    need(region, "dynamodb:DeleteItem", table),
  ]),
  on("BatchGetItem", table),
  on("DeleteItem", table),
  // A developer's console tried a scan, which the table's owner had denied.
  call("dynamodb:Scan", [need(region, "dynamodb:Scan", table)], {
    finished: { status: 400, errorCode: "AccessDeniedException" },
  }),
];
