import type { CheckResource } from "@iap/aws-core";
import type { ResourceHook } from "./hook.ts";
import { resource, textsOf } from "./resource.ts";

/**
 * Resources of EC2 by id: the id's prefix tells the resource type of the ARN, and it is not always the same word (Amazon
 * EC2 User Guide, "Resource IDs"; Service Authorization Reference, "Resource types defined by Amazon EC2"). The ARNs of
 * some types hold a name, which the id does not tell.
 */
export const ec2ResourceId: ResourceHook = (members, call) =>
  textsOf(members, "id").map((id): CheckResource => {
    const type = types.get(id.slice(0, id.lastIndexOf("-")));
    if (type === undefined) return resource(call, "ec2", `*/${id}`, { why: `${id} is not an id whose type is known` });
    if (named.has(type)) return resource(call, "ec2", `${type}/*`, { why: `the name of ${id} is not in the request` });
    return resource(call, "ec2", `${type}/${id}`, { accountless: accountless.has(type) });
  });

const accountless = new Set(["image", "snapshot"]);
const named = new Set(["key-pair", "placement-group"]);

const types: ReadonlyMap<string, string> = new Map(
  Object.entries({
    acl: "network-acl",
    ami: "image",
    cagw: "carrier-gateway",
    cb: "capacity-block",
    cgw: "customer-gateway",
    cr: "capacity-reservation",
    crf: "capacity-reservation-fleet",
    "cvpn-endpoint": "client-vpn-endpoint",
    dopt: "dhcp-options",
    eice: "instance-connect-endpoint",
    eigw: "egress-only-internet-gateway",
    eipalloc: "elastic-ip",
    eni: "network-interface",
    "export-ami": "export-image-task",
    "export-i": "export-instance-task",
    fl: "vpc-flow-log",
    fleet: "fleet",
    h: "dedicated-host",
    i: "instance",
    iew: "instance-event-window",
    igw: "internet-gateway",
    "import-ami": "import-image-task",
    "import-snap": "import-snapshot-task",
    ipam: "ipam",
    "ipam-pool": "ipam-pool",
    "ipam-res-disco": "ipam-resource-discovery",
    "ipam-scope": "ipam-scope",
    key: "key-pair",
    lgw: "local-gateway",
    "lgw-rtb": "local-gateway-route-table",
    lt: "launch-template",
    nat: "natgateway",
    nia: "network-insights-analysis",
    nip: "network-insights-path",
    pcx: "vpc-peering-connection",
    pg: "placement-group",
    pl: "prefix-list",
    replacevol: "replace-root-volume-task",
    rtb: "route-table",
    scr: "subnet-cidr-reservation",
    sfr: "spot-fleet-request",
    sg: "security-group",
    sgr: "security-group-rule",
    sir: "spot-instances-request",
    snap: "snapshot",
    subnet: "subnet",
    tgw: "transit-gateway",
    "tgw-attach": "transit-gateway-attachment",
    "tgw-connect-peer": "transit-gateway-connect-peer",
    "tgw-mcast-domain": "transit-gateway-multicast-domain",
    "tgw-ptb": "transit-gateway-policy-table",
    "tgw-rtb": "transit-gateway-route-table",
    tmf: "traffic-mirror-filter",
    tms: "traffic-mirror-session",
    tmt: "traffic-mirror-target",
    vae: "verified-access-endpoint",
    vagr: "verified-access-group",
    vai: "verified-access-instance",
    vatp: "verified-access-trust-provider",
    vgw: "vpn-gateway",
    vol: "volume",
    vpc: "vpc",
    vpce: "vpc-endpoint",
    "vpce-svc": "vpc-endpoint-service",
    vpn: "vpn-connection",
  }),
);
