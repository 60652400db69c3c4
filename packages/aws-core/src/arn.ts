/** An Amazon Resource Name, in its six parts; `resource` may hold further colons. */
export interface Arn {
  readonly partition: string;
  readonly service: string;
  readonly region: string;
  readonly account: string;
  readonly resource: string;
}

/** The parts of an ARN, or undefined when the text is not one. */
export function parseArn(text: string): Arn | undefined {
  if (!text.startsWith("arn:")) return undefined;
  const parts = text.split(":");
  const [, partition, service, region, account] = parts;
  if (parts.length < 6 || !partition || !service || region === undefined || account === undefined) return undefined;
  const resource = parts.slice(5).join(":");
  return resource === "" ? undefined : { partition, service, region, account, resource };
}

/** The text of an ARN. */
export function formatArn({ partition, service, region, account, resource }: Arn): string {
  return `arn:${partition}:${service}:${region}:${account}:${resource}`;
}
