import { cborAnswer, type JsonObject, jsonRpcAnswer, queryAnswer, xmlElements } from "./answers.ts";
import { type Service, ServiceError, type ServiceRequest } from "./service.ts";

const namespace = "http://monitoring.amazonaws.com/doc/2010-08-01/";

interface Metric {
  readonly Namespace: string;
  readonly MetricName: string;
}

/** CloudWatch in its three protocols (rpcv2Cbor, awsJson, query): PutMetricData and ListMetrics over one store. */
export function cloudwatch(): Service {
  const metrics = new Map<string, Metric>();
  const put = (Namespace: unknown, names: readonly unknown[]): void => {
    if (typeof Namespace !== "string" || names.length === 0 || !names.every((name) => typeof name === "string")) {
      throw new ServiceError(400, "MissingParameter", "Namespace and MetricData are required");
    }
    for (const MetricName of names as readonly string[])
      metrics.set(`${Namespace}/${MetricName}`, { Namespace, MetricName });
  };
  const list = (Namespace: unknown): readonly Metric[] =>
    [...metrics.values()].filter(
      (metric) => Namespace === undefined || Namespace === null || metric.Namespace === Namespace,
    );

  const object =
    (operation: string) =>
    (input: JsonObject): JsonObject => {
      if (operation === "PutMetricData") {
        const data = (input.MetricData ?? []) as readonly { MetricName?: unknown }[];
        put(
          input.Namespace,
          data.map(({ MetricName }) => MetricName),
        );
        return {};
      }
      if (operation === "ListMetrics")
        return { Metrics: list(input.Namespace).map((metric) => ({ ...metric, Dimensions: [] })) };
      throw new ServiceError(400, "UnknownOperationException", `No operation ${operation}`);
    };
  const query = (operation: string, input: URLSearchParams): string => {
    if (operation === "PutMetricData") {
      put(
        input.get("Namespace"),
        [...input].filter(([name]) => /^MetricData\.member\.\d+\.MetricName$/.test(name)).map(([, value]) => value),
      );
      return "";
    }
    if (operation === "ListMetrics") {
      const members = list(input.get("Namespace")).map((metric) => `<member>${xmlElements({ ...metric })}</member>`);
      return `<Metrics>${members.join("")}</Metrics>`;
    }
    throw new ServiceError(400, "InvalidAction", `No operation ${operation}`);
  };

  return (request: ServiceRequest) => {
    const cbor = /^\/service\/[^/]+\/operation\/([^/]+)$/.exec(request.path);
    if (cbor) return cborAnswer(request, cbor[1] as string, object(cbor[1] as string));
    const target = request.headers["x-amz-target"];
    if (target !== undefined) {
      const operation = target.slice(target.lastIndexOf(".") + 1);
      return jsonRpcAnswer(request, operation, object(operation));
    }
    const input = new URLSearchParams(request.body.toString("utf8"));
    const operation = input.get("Action") ?? "";
    return queryAnswer(operation, namespace, () => query(operation, input));
  };
}
