import type { FakePrincipal } from "./fake-principal.ts";
import type { FakeService } from "./fake-service.ts";
import { queryAnswer } from "./query-answer.ts";
import { ServiceError } from "./service-error.ts";

/** STS: GetCallerIdentity. */
export function sts({ account, userName, userId }: FakePrincipal): FakeService {
  return (request) =>
    queryAnswer(request, "https://sts.amazonaws.com/doc/2011-06-15/", (operation) => {
      if (operation !== "GetCallerIdentity") {
        throw new ServiceError(400, "InvalidAction", `The fake STS has no operation ${operation}.`);
      }
      return `<Arn>arn:aws:iam::${account}:user/${userName}</Arn><UserId>${userId}</UserId><Account>${account}</Account>`;
    });
}
