import type { PolicyType } from "@iap/aws-core";
import type { Place, Report } from "./finding.ts";
import type { JsonNode } from "./strict-json.ts";

/** What the parts of the parser share about the document being read. */
export interface Reader {
  readonly root: JsonNode;
  readonly type: PolicyType;
  readonly place: (path: string, offset: number) => Place;
  readonly report: Report;
  /** Reports an error after which the document is not what any policy could be: it is not evaluated in any mode. */
  readonly unreadable: (code: string, at: Place, message: string, fix: string) => void;
}
