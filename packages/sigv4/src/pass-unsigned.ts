import type { RequestHead, SignedHead } from "@iap/aws-core";
import { headerName } from "./header-policy.ts";

/**
 * A head that goes to AWS as its client made it, with no signature and no AWS credentials in it, for the operations
 * that AWS does not authorise by one. Headers of a hop, of a signature and of a session are left out; a bearer token stays,
 * for it is what authorises such a request.
 */
export function passUnsigned(head: RequestHead): SignedHead {
  const headers = head.headers.filter(([received]) => {
    const { name, fate } = headerName(received);
    return name === "authorization" || (fate !== "drop" && fate !== "replace");
  });
  // It carries no credentials of ours, so that there is nothing to sign: the brand says that it may be forwarded.
  return { ...head, headers } as RequestHead as SignedHead;
}
