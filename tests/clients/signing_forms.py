"""Uploads of every size, with and without checksums and payload signing, and URLs and forms for others to use.

python3 signing_forms.py BUCKET

prints one JSON line per step: {step, ok, value} or {step, ok: false, error}.
"""

import io
import json
import sys

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

bucket = sys.argv[1]
sizes = [0, 1, 8191, 65536, 65537, 1048577]


def s3(**more):
    return boto3.client("s3", config=Config(connect_timeout=5, read_timeout=30, **more))


def content(length):
    row = bytes((i * 31) & 0xFF for i in range(256))
    blocks = (bytes((b + j * 7) & 0xFF for b in row) for j in range(256))
    whole = b"".join(blocks)
    return (whole * (length // len(whole) + 1))[:length]


def puts(name, client, **more):
    for size in sizes:
        client.put_object(Bucket=bucket, Key=f"{name}-{size}", Body=content(size), **more)


def streams(name, client):
    for size in sizes:
        client.upload_fileobj(io.BytesIO(content(size)), bucket, f"{name}-{size}")


def parts(name, client):
    config = TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20)
    client.upload_fileobj(io.BytesIO(content(11 << 20)), bucket, f"{name}-{11 << 20}", Config=config)


def url(client, operation, key, **more):
    return client.generate_presigned_url(operation, Params={"Bucket": bucket, "Key": key, **more}, ExpiresIn=300)


def form(client, key, **more):
    return client.generate_presigned_post(bucket, key, ExpiresIn=300, **more)


v2 = {"signature_version": "s3"}
v4 = {"signature_version": "s3v4"}
steps = {
    "CreateBucket": lambda: s3().create_bucket(Bucket=bucket) and None,
    "default": lambda: puts("default", s3()),
    "when_required": lambda: puts("when_required", s3(request_checksum_calculation="when_required")),
    "payload_signing": lambda: puts("payload_signing", s3(s3={"payload_signing_enabled": True})),
    "sha256": lambda: puts("sha256", s3(), ChecksumAlgorithm="SHA256"),
    "sha1": lambda: puts("sha1", s3(), ChecksumAlgorithm="SHA1"),
    "streams": lambda: streams("streams", s3()),
    "parts": lambda: parts("parts", s3()),
    "signature v2": lambda: puts("v2", s3(request_checksum_calculation="when_required", **v2)),
    "url get v4": lambda: url(s3(**v4), "get_object", "default-65537"),
    "url put v4": lambda: url(s3(**v4), "put_object", "url-v4", ContentType="text/plain"),
    "url put v4 acl": lambda: url(s3(**v4), "put_object", "url-v4-acl", ACL="private"),
    "url get v2": lambda: url(s3(**v2), "get_object", "default-65537", ResponseContentType="text/x"),
    "url put v2": lambda: url(s3(**v2), "put_object", "url-v2"),
    "url put v2 acl": lambda: url(s3(**v2), "put_object", "url-v2-acl", ACL="private"),
    "form v4": lambda: form(s3(**v4), "form-v4"),
    "form v2": lambda: form(s3(**v2), "form-v2"),
    "form v4 fields": lambda: form(
        s3(**v4),
        "form-fields",
        Fields={"acl": "private", "x-amz-meta-a": "b"},
        Conditions=[{"acl": "private"}, {"x-amz-meta-a": "b"}, ["content-length-range", 0, 100]],
    ),
}

for step, act in steps.items():
    try:
        line = {"step": step, "ok": True, "value": act()}
    except ClientError as error:
        line = {"step": step, "ok": False, "error": {"name": error.response["Error"]["Code"], "message": str(error)}}
    except Exception as error:
        line = {"step": step, "ok": False, "error": {"name": type(error).__name__, "message": str(error)}}
    print(json.dumps(line), flush=True)
