/**
 * Hosts that no botocore model or rule set names, reviewed by hand. Patterns are those of `endpoints.data.ts`.
 * Account- and resource-specific hosts below are run by AWS's service itself; hosts that run customers' code are listed
 * as user content in aws-core's `endpoint.ts`.
 */
export const extraHosts: readonly {
  readonly prefix: string;
  readonly names: readonly string[];
  readonly patterns: readonly string[];
}[] = [
  // https://docs.aws.amazon.com/general/latest/gr/sqs-service.html (legacy endpoints)
  { prefix: "sqs", names: ["sqs"], patterns: ["queue", "~.queue"] },
  // https://docs.aws.amazon.com/general/latest/gr/ec2-service.html (the general endpoint is us-east-1's)
  { prefix: "ec2", names: ["ec2"], patterns: ["ec2"] },
  // https://docs.aws.amazon.com/general/latest/gr/emr.html
  { prefix: "elasticmapreduce", names: ["elasticmapreduce"], patterns: ["elasticmapreduce", "~.elasticmapreduce"] },
  // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html (regional form kept by old SDKs)
  { prefix: "streams.dynamodb", names: ["dynamodb"], patterns: ["streams.dynamodb.~"] },
  // https://docs.aws.amazon.com/iot/latest/developerguide/iot-connect-devices.html (DescribeEndpoint answers)
  { prefix: "data-ats.iot", names: ["iotdata", "iotdevicegateway"], patterns: ["*.iot.~"] },
  { prefix: "data.jobs.iot", names: ["iot-jobs-data"], patterns: ["*.jobs.iot.~"] },
  // https://docs.aws.amazon.com/timestream/latest/developerguide/Using-API.endpoint-discovery.html
  { prefix: "timestream", names: ["timestream"], patterns: ["*.timestream.~"] },
  // https://docs.aws.amazon.com/mediaconvert/latest/apireference/endpoints.html
  { prefix: "mediaconvert", names: ["mediaconvert"], patterns: ["*.mediaconvert.~"] },
  // https://docs.aws.amazon.com/mediastore/latest/apireference/API_Operations_AWS_Elemental_MediaStore_Data_Plane.html
  { prefix: "data.mediastore", names: ["mediastore"], patterns: ["*.data.mediastore.~"] },
  // https://docs.aws.amazon.com/kinesisvideostreams/latest/dg/API_GetDataEndpoint.html
  { prefix: "kinesisvideo", names: ["kinesisvideo"], patterns: ["*.kinesisvideo.~"] },
  // https://docs.aws.amazon.com/r53recovery/latest/dg/routing-control.update.api.html (cluster endpoints)
  {
    prefix: "route53-recovery-cluster",
    names: ["route53-recovery-cluster"],
    patterns: ["*.route53-recovery-cluster.~"],
  },
  // https://docs.aws.amazon.com/kinesis/latest/APIReference/Welcome.html (account endpoints for the data plane)
  { prefix: "kinesis", names: ["kinesis"], patterns: ["{a}.data-kinesis.~", "*.*.data-kinesis.~"] },
  // https://docs.aws.amazon.com/transcribe/latest/dg/getting-started-http-websocket.html
  { prefix: "transcribestreaming", names: ["transcribe"], patterns: ["transcribestreaming.~"] },
  // https://docs.aws.amazon.com/prometheus/latest/userguide/AMP-APIReference.html (Prometheus-compatible APIs)
  { prefix: "aps-workspaces", names: ["aps"], patterns: ["aps-workspaces.~"] },
  // https://docs.aws.amazon.com/machine-learning/latest/APIReference/API_Predict.html (real-time endpoints)
  { prefix: "machinelearning", names: ["machinelearning"], patterns: ["realtime.machinelearning.~"] },
  // https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartLiveTail.html (older SDKs' host prefix)
  { prefix: "logs", names: ["logs"], patterns: ["streaming-logs.~"] },
  // https://docs.aws.amazon.com/bedrock/latest/userguide/bedrock-mantle.html
  { prefix: "bedrock-mantle", names: ["bedrock-mantle"], patterns: ["bedrock-mantle.~"] },
  // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-ge-register.html (an endpoint id has two labels)
  { prefix: "events", names: ["events"], patterns: ["*.*.endpoint.events"] },
  // https://docs.aws.amazon.com/ses/latest/dg/global-endpoints.html (an endpoint id has two labels)
  {
    prefix: "email",
    names: ["ses"],
    patterns: ["*.*.endpoints.email", "*.*.endpoints.email.global", "*.*.endpoints.email.us-gov"],
  },
];
