import { restJsonAnswer } from "./answers.ts";
import { type Service, ServiceError } from "./service.ts";

/** Lambda: ListFunctions (one), and Invoke, which gives the payload back. */
export const lambda: Service = (request) => {
  const invoke = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/.exec(request.path);
  if (request.method === "POST" && invoke) return restJsonAnswer("Invoke", () => request.body.toString("utf8"));
  const list = request.method === "GET" && /^\/2015-03-31\/functions\/?$/.test(request.path);
  return restJsonAnswer(list ? "ListFunctions" : "", () => {
    if (!list)
      throw new ServiceError(404, "ResourceNotFoundException", `No operation ${request.method} ${request.path}`);
    const FunctionName = "hello";
    const FunctionArn = `arn:aws:lambda:${request.region}:${request.account}:function:${FunctionName}`;
    return JSON.stringify({ Functions: [{ FunctionName, FunctionArn, Runtime: "nodejs22.x" }] });
  });
};
