import { queryAnswer, xmlElements } from "./answers.ts";
import { type Service, ServiceError } from "./service.ts";

const namespace = "https://iam.amazonaws.com/doc/2010-05-08/";

/** IAM: ListUsers, with one user. */
export const iam: Service = (request) => {
  const operation = new URLSearchParams(request.body.toString("utf8")).get("Action") ?? "";
  return queryAnswer(operation, namespace, () => {
    if (operation !== "ListUsers") throw new ServiceError(400, "InvalidAction", `No operation ${operation}`);
    const user = xmlElements({
      Path: "/",
      UserName: "alice",
      UserId: "AIDAE2EE2EE2EE2EE2EE2",
      Arn: `arn:aws:iam::${request.account}:user/alice`,
      CreateDate: "2026-01-02T03:04:05Z",
    });
    return `<Users><member>${user}</member></Users><IsTruncated>false</IsTruncated>`;
  });
};
