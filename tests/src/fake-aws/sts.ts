import { queryAnswer, xmlElements } from "./answers.ts";
import { type Service, ServiceError } from "./service.ts";

const namespace = "https://sts.amazonaws.com/doc/2011-06-15/";

/** STS: GetCallerIdentity. */
export const sts: Service = (request) => {
  const input = new URLSearchParams(request.body.toString("utf8"));
  const operation = input.get("Action") ?? request.query.get("Action") ?? "";
  return queryAnswer(operation, namespace, () => {
    if (operation !== "GetCallerIdentity") throw new ServiceError(400, "InvalidAction", `No operation ${operation}`);
    return xmlElements({
      Arn: `arn:aws:sts::${request.account}:assumed-role/e2e/session`,
      UserId: "AROAE2EE2EE2EE2EE2EE2:session",
      Account: request.account,
    });
  });
};
