import { parseEndpoint } from "./endpoint.ts";

/**
 * Whether a host is the Kubernetes API of a cluster of EKS: `ID.ZONE.REGION.eks.SUFFIX`, dual-stack
 * `ID.ZONE.eks-cluster.REGION.SUFFIX`. Such a host lies under AWS's domains, but is no API of AWS: it has a certificate of
 * the cluster's own, takes bearer tokens and client certificates, and no SigV4 (EKS User Guide, "Cluster API server endpoint").
 */
export function isEksCluster(host: string): boolean {
  const own = parseEndpoint(host);
  if (own?.endpointPrefix === "eks" && own.kind === "userContent") return own.labels.length === 2;
  const [, region, suffix] = /^[a-z0-9]+\.[a-z0-9]+\.eks-cluster\.([a-z0-9-]+)\.([a-z0-9.-]+)$/.exec(host) ?? [];
  return region !== undefined && parseEndpoint(`eks.${region}.${suffix}`)?.kind === "service";
}
