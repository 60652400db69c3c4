import type { FakeService } from "./fake-service.ts";
import { type JsonObject, jsonAnswer } from "./json-answer.ts";
import { ServiceError } from "./service-error.ts";

export interface FakeTable {
  /** The attribute, a string, that is the partition key. */
  readonly key: string;
  /** By partition key. */
  readonly items: Map<string, JsonObject>;
}

/** DynamoDB: PutItem into the tables given. */
export function dynamodb(tables: ReadonlyMap<string, FakeTable>): FakeService {
  return (request) =>
    jsonAnswer(request, (operation, { TableName, Item }) => {
      if (operation !== "PutItem") {
        throw new ServiceError(400, "UnknownOperationException", `The fake DynamoDB has no operation ${operation}.`);
      }
      const table = tables.get(String(TableName));
      if (table === undefined) {
        throw new ServiceError(400, "ResourceNotFoundException", `Requested resource not found: Table: ${TableName}`);
      }
      const item = (Item ?? {}) as Readonly<Record<string, { readonly S?: unknown } | undefined>>;
      const key = item[table.key]?.S;
      if (typeof key !== "string" || key === "") {
        throw new ServiceError(400, "ValidationException", `The item has no string attribute ${table.key}.`);
      }
      table.items.set(key, item);
      return {};
    });
}
