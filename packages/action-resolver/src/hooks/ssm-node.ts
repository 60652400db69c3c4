import type { CheckResource } from "@iap/aws-core";
import type { ResourceHook } from "./hook.ts";
import { anyOf, resource, textsOf } from "./resource.ts";

const odd = "the id of a node is of no form that is known";

/** Managed nodes by id: an EC2 instance (`i-`), another node (`mi-`) or the task of a container (`ecs:cluster_task_runtime`). */
export const ssmNode: ResourceHook = (members, call) => {
  const ids = textsOf(members, "id");
  if (ids.length === 0) {
    const why = "the request does not name the nodes";
    return [resource(call, "ec2", "instance/*", { why }), resource(call, "ssm", "managed-instance/*", { why })];
  }
  return ids.flatMap((id): CheckResource | readonly CheckResource[] => {
    if (/^i-[0-9a-f]+$/.test(id)) return resource(call, "ec2", `instance/${id}`);
    if (/^mi-[0-9a-f]+$/.test(id)) return resource(call, "ssm", `managed-instance/${id}`);
    if (id.startsWith("ecs:"))
      return resource(call, "ecs", "task/*", { why: "the target names the task in a form of its own" });
    return [anyOf(call, "ec2", odd), anyOf(call, "ssm", odd)];
  });
};
