import type { Observation } from "./recording.ts";

/**
 * Permissions that AWS asks the caller for besides, on behalf of the service that is asked, and that never show as a
 * request: those of the KMS keys that requests name to encrypt with. In sentences, in order. (AWS KMS Developer Guide,
 * "kms:ViaService"; Amazon S3 User Guide, "Using server-side encryption with AWS KMS keys"; of the key that AWS manages
 * for a service nobody needs any.)
 */
export function unseenPermissions(observed: Iterable<Observation>): string[] {
  const sentences = new Set<string>();
  for (const { action, context } of observed) {
    for (const key of KMS_KEYS) {
      const named = context[key];
      if (typeof named !== "string" || named === "" || /(?:^|:)alias\/aws\//.test(named)) continue;
      sentences.add(
        `${action} encrypts with the key ${named}: AWS also asks for kms:GenerateDataKey and kms:Decrypt of it (with kms:ViaService), which never shows as a request and is not in the policy.`,
      );
    }
  }
  return [...sentences].sort();
}

/** Whether a key of the context tells such a permission. */
export function tellsUnseen(key: string): boolean {
  return KMS_KEYS.has(key);
}

/** Condition keys that hold the KMS key of a request. */
const KMS_KEYS: ReadonlySet<string> = new Set([
  "s3:x-amz-server-side-encryption-aws-kms-key-id",
  "secretsmanager:KmsKeyId",
]);
