import type { FakePrincipal } from "./fake-principal.ts";
import type { FakeService } from "./fake-service.ts";
import { queryAnswer } from "./query-answer.ts";
import { ServiceError } from "./service-error.ts";

/** IAM: ListUsers, of whom there is one. */
export function iam({ account, userName, userId }: FakePrincipal): FakeService {
  return (request) =>
    queryAnswer(request, "https://iam.amazonaws.com/doc/2010-05-08/", (operation) => {
      if (operation !== "ListUsers") {
        throw new ServiceError(400, "InvalidAction", `The fake IAM has no operation ${operation}.`);
      }
      const user = `<Path>/</Path><UserName>${userName}</UserName><UserId>${userId}</UserId><Arn>arn:aws:iam::${account}:user/${userName}</Arn><CreateDate>2026-01-01T00:00:00Z</CreateDate>`;
      return `<Users><member>${user}</member></Users><IsTruncated>false</IsTruncated>`;
    });
}
