import { partitions } from "./endpoints.data.ts";

/** The partitions of AWS, as an ARN names them: `aws`, `aws-cn`, `aws-us-gov`, ... */
export const awsPartitions: readonly string[] = partitions.map(([id]) => id);
