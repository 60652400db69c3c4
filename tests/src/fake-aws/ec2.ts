import { ec2Answer, xmlElements } from "./answers.ts";
import { type Service, ServiceError } from "./service.ts";

/** EC2: DescribeInstances, with one instance. */
export const ec2: Service = (request) => {
  const operation = new URLSearchParams(request.body.toString("utf8")).get("Action") ?? "";
  return ec2Answer(operation, () => {
    if (operation !== "DescribeInstances") throw new ServiceError(400, "InvalidAction", `No operation ${operation}`);
    const instance = xmlElements({
      instanceId: "i-0123456789abcdef0",
      imageId: "ami-0123456789abcdef0",
      instanceType: "t3.nano",
    });
    return (
      `<reservationSet><item><reservationId>r-0123456789abcdef0</reservationId><ownerId>${request.account}</ownerId>` +
      `<instancesSet><item>${instance}<instanceState><code>16</code><name>running</name></instanceState></item></instancesSet>` +
      `</item></reservationSet>`
    );
  });
};
