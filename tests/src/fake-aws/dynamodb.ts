import { type JsonObject, jsonRpcAnswer } from "./answers.ts";
import { type Service, ServiceError, type ServiceRequest } from "./service.ts";

type Item = Readonly<Record<string, unknown>>;
interface Table {
  readonly key: readonly string[];
  readonly items: Map<string, Item>;
}

/** DynamoDB (awsJson 1.0): CreateTable, PutItem, GetItem, and Query by equality on key attributes. */
export function dynamodb(): Service {
  const tables = new Map<string, Table>();
  const run = ({ account, region }: ServiceRequest, operation: string, input: JsonObject): JsonObject => {
    const name = String(input.TableName ?? "").replace(/^arn:.*:table\//, "");
    if (operation === "CreateTable") {
      const schema = input.KeySchema as readonly { AttributeName: string }[];
      tables.set(name, { key: schema.map(({ AttributeName }) => AttributeName), items: new Map() });
      const TableArn = `arn:aws:dynamodb:${region}:${account}:table/${name}`;
      return { TableDescription: { TableName: name, TableArn, TableStatus: "ACTIVE", KeySchema: schema } };
    }
    const table = tables.get(name);
    if (!table) throw new ServiceError(400, "ResourceNotFoundException", "Requested resource not found");
    const keyOf = (item: Item): string => JSON.stringify(table.key.map((attribute) => item[attribute]));
    switch (operation) {
      case "PutItem":
        table.items.set(keyOf(input.Item as Item), input.Item as Item);
        return {};
      case "GetItem": {
        const item = table.items.get(keyOf(input.Key as Item));
        return item ? { Item: item } : {};
      }
      case "Query": {
        const wanted = equalities(input);
        const Items = [...table.items.values()].filter((item) =>
          wanted.every(([attribute, value]) => JSON.stringify(item[attribute]) === JSON.stringify(value)),
        );
        return { Items, Count: Items.length, ScannedCount: Items.length };
      }
      default:
        throw new ServiceError(400, "UnknownOperationException", `No operation ${operation}`);
    }
  };
  return (request) => {
    const operation = request.headers["x-amz-target"]?.replace(/^DynamoDB_20120810\./, "") ?? "";
    return jsonRpcAnswer(request, operation, (input) => run(request, operation, input));
  };
}

/** `a = :x AND #b = :y` with its placeholders filled in. */
function equalities(input: JsonObject): (readonly [string, unknown])[] {
  const names = (input.ExpressionAttributeNames ?? {}) as Record<string, string>;
  const values = (input.ExpressionAttributeValues ?? {}) as Record<string, unknown>;
  return String(input.KeyConditionExpression ?? "")
    .split(/\s+AND\s+/i)
    .map((term) => {
      const match = /^\(?\s*([#\w]+)\s*=\s*(:\w+)\s*\)?$/.exec(term.trim());
      if (!match) throw new ServiceError(400, "ValidationException", `Only equality is understood: ${term}`);
      const [, name, value] = match as unknown as [string, string, string];
      return [names[name] ?? name, values[value]] as const;
    });
}
