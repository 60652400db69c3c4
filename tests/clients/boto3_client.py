"""boto3 as an agent's program uses it: everything from the environment and the profile.

python3 boto3_client.py BUCKET [STEP...]

prints one JSON line per step: {step, ok, value} or {step, ok: false, error: {name, message, status, attempts}}.
"""

import hashlib
import io
import json
import os
import sys

import boto3
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.httpsession import URLLib3Session

bucket, *wanted = sys.argv[1:]
session = boto3.session.Session()
config = Config(connect_timeout=5, read_timeout=30)


def client(name, **more):
    return session.client(name, config=config.merge(Config(**more)))


s3 = client("s3")
s3_path = client("s3", s3={"addressing_style": "path"})
dynamodb = client("dynamodb")
sqs = client("sqs")
table = "orders-boto3"
odd_key = "odd/ключ %2F+=&?#~!*'()[]@:;,$ end"
large = 20 * 1024 * 1024


def content(length):
    """Content that anybody can compute again."""
    row = bytes((i * 31) & 0xFF for i in range(256))
    blocks = (bytes((b + j * 7) & 0xFF for b in row) for j in range(256))
    whole = b"".join(blocks)
    return (whole * (length // len(whole) + 1))[:length]


def digest(body):
    return f"{len(body)}:{hashlib.sha256(body).hexdigest()}"


def put(key, body, s3_client=s3):
    s3_client.put_object(Bucket=bucket, Key=key, Body=body)


def download(key, **more):
    return s3.get_object(Bucket=bucket, Key=key, **more)["Body"].read()


def multipart():
    s3.upload_fileobj(io.BytesIO(content(large)), bucket, "large-boto3")
    out = io.BytesIO()
    s3.download_fileobj(bucket, "large-boto3", out)
    return digest(out.getvalue())


def presigned():
    url = client("s3", signature_version="s3v4").generate_presigned_url(
        "get_object", Params={"Bucket": bucket, "Key": "buffer-boto3"}, ExpiresIn=300
    )
    ca = session._session.get_config_variable("ca_bundle")
    http = URLLib3Session(verify=ca, proxies={"https": os.environ["HTTPS_PROXY"]})
    response = http.send(AWSRequest("GET", url).prepare())
    return {"status": response.status_code, "body": digest(response.content)}


def create_table():
    dynamodb.create_table(
        TableName=table,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )


def query():
    answer = dynamodb.query(
        TableName=table,
        KeyConditionExpression="#i = :id",
        ExpressionAttributeNames={"#i": "id"},
        ExpressionAttributeValues={":id": {"S": "1"}},
    )
    return [item["note"]["S"] for item in answer["Items"]]


def send_message():
    url = sqs.get_queue_url(QueueName="jobs-boto3")["QueueUrl"]
    attributes = {"kind": {"DataType": "String", "StringValue": "test"}}
    return bool(sqs.send_message(QueueUrl=url, MessageBody="hello", MessageAttributes=attributes)["MessageId"])


def put_metric():
    client("cloudwatch").put_metric_data(
        Namespace="e2e", MetricData=[{"MetricName": "of-boto3", "Value": 1.0, "Unit": "Count"}]
    )


steps = {
    "sts:GetCallerIdentity": lambda: client("sts").get_caller_identity()["Account"],
    "s3:CreateBucket": lambda: s3.create_bucket(Bucket=bucket) and None,
    "s3:ListBuckets": lambda: [one["Name"] for one in s3.list_buckets()["Buckets"]],
    "s3:PutObject empty": lambda: put("empty-boto3", b""),
    "s3:PutObject buffer": lambda: put("buffer-boto3", content(70_000)),
    "s3:PutObject odd key": lambda: put(odd_key, b"odd"),
    "s3:PutObject path style": lambda: put("path-style-boto3", b"path", s3_path),
    "s3:GetObject buffer": lambda: digest(download("buffer-boto3")),
    "s3:GetObject odd key": lambda: download(odd_key).decode(),
    "s3:GetObject range": lambda: digest(download("buffer-boto3", Range="bytes=100-299")),
    "s3:HeadObject": lambda: s3.head_object(Bucket=bucket, Key="buffer-boto3")["ContentLength"],
    "s3:multipart": multipart,
    "s3:ListObjectsV2": lambda: [one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]],
    "s3:presigned GET": presigned,
    "s3:DeleteObject": lambda: s3.delete_object(Bucket=bucket, Key="empty-boto3") and None,
    "dynamodb:CreateTable": create_table,
    "dynamodb:PutItem": lambda: dynamodb.put_item(TableName=table, Item={"id": {"S": "1"}, "note": {"S": "zażółć"}})
    and None,
    "dynamodb:GetItem": lambda: dynamodb.get_item(TableName=table, Key={"id": {"S": "1"}})["Item"]["note"]["S"],
    "dynamodb:Query": query,
    "sqs:CreateQueue": lambda: sqs.create_queue(QueueName="jobs-boto3")["QueueUrl"],
    "sqs:SendMessage": send_message,
    "ec2:DescribeInstances": lambda: [
        one["InstanceId"] for one in client("ec2").describe_instances()["Reservations"][0]["Instances"]
    ],
    "lambda:ListFunctions": lambda: [one["FunctionName"] for one in client("lambda").list_functions()["Functions"]],
    "lambda:Invoke": lambda: json.load(
        client("lambda").invoke(FunctionName="hello", Payload=b'{"n":1}')["Payload"]
    ),
    "cloudwatch:PutMetricData": put_metric,
    "cloudwatch:ListMetrics": lambda: [
        one["MetricName"] for one in client("cloudwatch").list_metrics(Namespace="e2e")["Metrics"]
    ],
    "iam:ListUsers": lambda: [one["UserName"] for one in client("iam").list_users()["Users"]],
}

# Of services that the fake AWS is not: for what never gets there.
more = {
    "route53:ListHostedZones": lambda: client("route53").list_hosted_zones() and None,
    "ssm:GetParameter": lambda: client("ssm").get_parameter(Name="p") and None,
}

for step in wanted or steps:
    try:
        line = {"step": step, "ok": True, "value": {**steps, **more}[step]()}
    except ClientError as error:
        meta = error.response.get("ResponseMetadata", {})
        line = {
            "step": step,
            "ok": False,
            "error": {
                "name": error.response["Error"]["Code"],
                "message": error.response["Error"]["Message"],
                "status": meta.get("HTTPStatusCode"),
                "attempts": meta.get("RetryAttempts", 0) + 1,
            },
        }
    except Exception as error:  # what is not AWS's answer (a refused connection, a bad certificate) is a result too
        line = {"step": step, "ok": False, "error": {"name": type(error).__name__, "message": str(error)}}
    print(json.dumps(line), flush=True)
