"""Writes test/fixtures/botocore.jsonl: requests as botocore (the signer of boto3 and the AWS CLI) signs them, and
botocore-v2.jsonl beside it: requests to S3 in Signature Version 2.

    pip install botocore && python3 scripts/make-botocore-vectors.py

One JSON object a line: name, form, service, region, secretAccessKey, and the signed request as it goes on the wire
(headers in order, latin1 text; body as base64). The keys are those of AWS's documentation.
"""

import base64
import datetime
import email.utils
import json
import pathlib
import types

import botocore
import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

NOW = datetime.datetime(2026, 11, 23, 12, 34, 56, tzinfo=datetime.timezone.utc)
botocore.auth.get_current_datetime = lambda remove_tzinfo=True: NOW.replace(tzinfo=None) if remove_tzinfo else NOW
# Signature Version 2 asks these for the time.
botocore.auth.time = types.SimpleNamespace(time=NOW.timestamp)
botocore.auth.formatdate = lambda usegmt: email.utils.format_datetime(NOW, usegmt)

ACCESS_KEY_ID = "AKIDEXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
TOKEN = "IQoJb3JpZ2luX2VjEXAMPLETOKEN//////////wEaCXVzLWVhc3QtMSJHMEUCIQ+a/b=="

FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
JSON10 = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "DynamoDB_20120810.GetItem"}
S3_KEY = "a%20b%2Bc/%C3%A9/%252F/./..//x%2A%27%28%29%21~%24%26%2C%3D%40%3A%3B"

# name, service, region, method, url (path and query as on the wire), headers, body
REQUESTS = [
    ("sts query", "sts", "us-east-1", "POST", "https://sts.us-east-1.amazonaws.com/", FORM, b"Action=GetCallerIdentity&Version=2011-06-15"),
    ("iam query, regionless", "iam", "us-east-1", "POST", "https://iam.amazonaws.com/", FORM, b"Action=ListUsers&Version=2010-05-08"),
    ("dynamodb json", "dynamodb", "eu-central-1", "POST", "https://dynamodb.eu-central-1.amazonaws.com/", JSON10, b'{"TableName":"t\xc3\xa9"}'),
    ("lambda arn in path", "lambda", "us-west-2", "GET", "https://lambda.us-west-2.amazonaws.com/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-west-2%3A111122223333%3Afunction%3Af", {}, b""),
    ("execute-api connection id", "execute-api", "us-east-1", "POST", "https://abcdef.execute-api.us-east-1.amazonaws.com/prod/@connections/JBDvjfGEIAMCERw%3D", {}, b"hello"),
    ("bedrock model id", "bedrock", "us-east-1", "POST", "https://bedrock-runtime.us-east-1.amazonaws.com/model/anthropic.claude-v2%3A1/invoke", {"Content-Type": "application/json"}, b"{}"),
    ("mediastore double slash", "mediastore", "us-east-1", "GET", "https://x.data.mediastore.us-east-1.amazonaws.com//a/b", {}, b""),
    ("dot segments", "execute-api", "us-east-1", "GET", "https://abcdef.execute-api.us-east-1.amazonaws.com/a/./b/../c/", {}, b""),
    ("query order", "execute-api", "us-east-1", "GET", "https://abcdef.execute-api.us-east-1.amazonaws.com/p?b=2&a=1&a-b=3&a=0&A=9&c&d=&%C3%A9=x%2By", {}, b""),
    ("header with runs of blanks", "execute-api", "us-east-1", "GET", "https://abcdef.execute-api.us-east-1.amazonaws.com/p", {"X-Custom": "  a   b  c  ", "X-Quoted": '"a   b"'}, b""),
    ("port in host", "execute-api", "us-east-1", "GET", "https://abcdef.execute-api.us-east-1.amazonaws.com:8443/p", {}, b""),
    ("get with a body", "es", "us-east-1", "GET", "https://search-d.us-east-1.es.amazonaws.com/_search", {"Content-Type": "application/json"}, b'{"query":{"match_all":{}}}'),
    ("cloudwatch in China", "monitoring", "cn-north-1", "POST", "https://monitoring.cn-north-1.amazonaws.com.cn/", FORM, b"Action=ListMetrics&Version=2010-08-01"),
]

S3_REQUESTS = [
    ("get object", "s3", "us-east-1", "GET", "https://bucket.s3.us-east-1.amazonaws.com/key", {}, b""),
    ("hard key", "s3", "us-east-1", "GET", "https://bucket.s3.us-east-1.amazonaws.com/" + S3_KEY, {}, b""),
    ("double slash and dots", "s3", "eu-west-1", "GET", "https://s3.eu-west-1.amazonaws.com/bucket//a/./../b/", {}, b""),
    ("list with prefix", "s3", "us-east-1", "GET", "https://bucket.s3.us-east-1.amazonaws.com/?list-type=2&prefix=a%2Fb%20c&encoding-type=url", {}, b""),
    ("subresource without value", "s3", "us-east-1", "GET", "https://bucket.s3.us-east-1.amazonaws.com/?acl", {}, b""),
    ("delete objects", "s3", "us-east-1", "POST", "https://bucket.s3.us-east-1.amazonaws.com/?delete", {"Content-MD5": "1B2M2Y8AsgTpgAmY7PhCfg==", "Content-Type": "application/xml"}, b"<Delete/>"),
    ("put with metadata", "s3", "us-east-1", "PUT", "https://bucket.s3.us-east-1.amazonaws.com/k", {"x-amz-meta-a": "1", "x-amz-acl": "private", "x-amz-storage-class": "STANDARD_IA"}, b"hello world"),
    ("copy", "s3", "us-east-1", "PUT", "https://bucket.s3.us-east-1.amazonaws.com/k", {"x-amz-copy-source": "other/a%20b?versionId=1"}, b""),
    ("object lambda", "s3-object-lambda", "us-east-1", "GET", "https://ap-111122223333.s3-object-lambda.us-east-1.amazonaws.com/a%2Fb", {}, b""),
    ("outposts", "s3-outposts", "us-east-1", "GET", "https://ap-111122223333.op-01.s3-outposts.us-east-1.amazonaws.com/a/../b", {}, b""),
]


V2_HEADERS = {
    "Content-Type": "text/plain;  charset=utf-8",
    "Content-MD5": "1B2M2Y8AsgTpgAmY7PhCfg==",
    "x-amz-meta-b": " two  blanks\tand a tab ",
    "X-Amz-Meta-A": "1",
    "x-amz-acl": "private",
}
# name, host, bucket in the host, path, query
V2_REQUESTS = [
    ("object", "bucket.s3.amazonaws.com", "bucket", "/a%20b/%C3%A9%2B%28x%29//../k", ""),
    ("path style", "s3.us-west-2.amazonaws.com", None, "/bucket/k", ""),
    ("buckets", "s3.amazonaws.com", None, "/", ""),
    ("bucket with dots", "my.bucket.s3.eu-west-1.amazonaws.com", "my.bucket", "/", ""),
    ("list", "bucket.s3.amazonaws.com", "bucket", "/", "list-type=2&prefix=a%2Fb&delimiter=%2F"),
    ("subresources", "bucket.s3.amazonaws.com", "bucket", "/k", "versionId=x%2By&acl"),
    ("part", "bucket.s3.amazonaws.com", "bucket", "/k", "uploadId=a%2Fb%3D&partNumber=10"),
    ("overrides", "bucket.s3.amazonaws.com", "bucket", "/k", "response-content-type=text%2Fplain&response-content-disposition=attachment%3B%20filename%3D%22a%20b.txt%22&response-expires=0"),
    ("select", "bucket.s3.amazonaws.com", "bucket", "/k", "select&select-type=2"),
    ("newer than the version", "bucket.s3.amazonaws.com", "bucket", "/", "encryption"),
]


def v2_vectors():
    for token in (None, TOKEN):
        credentials = Credentials(ACCESS_KEY_ID, SECRET, token)
        suffix = "" if token is None else ", session token"
        for name, host, bucket, path, query in V2_REQUESTS:
            url = f"https://{host}{path}" + (f"?{query}" if query else "")
            for more, headers in (("", {}), (", headers", V2_HEADERS)):
                for form, auth in (("header", botocore.auth.HmacV1Auth), ("query", botocore.auth.HmacV1QueryAuth)):
                    options = {"expires": 900} if form == "query" else {}
                    yield v2_vector(f"{name}{more}, {form}{suffix}", url, bucket, headers, auth(credentials, **options))


def v2_vector(name, url, bucket, headers, auth):
    aws_request = AWSRequest(method="GET", url=url, headers=dict(headers))
    scheme, rest = url.split("://", 1)
    path = rest[rest.index("/") :].split("?")[0]
    aws_request.auth_path = path if bucket is None else f"/{bucket}{path}"
    auth.add_auth(aws_request)
    # What was signed in the query is sent there, not in the headers.
    sent = [] if "Signature=" in aws_request.url else list(aws_request.headers.items())
    slash = rest.index("/")
    target = aws_request.url.split("://", 1)[1][slash:]
    return {
        "name": name,
        "secretAccessKey": SECRET,
        "request": {"method": "GET", "target": target, "headers": [["Host", rest[:slash]], *sent], "bodyB64": ""},
    }


def vectors():
    for token in (None, TOKEN):
        credentials = Credentials(ACCESS_KEY_ID, SECRET, token)
        suffix = "" if token is None else ", session token"
        for request in REQUESTS:
            yield vector(request, "header", botocore.auth.SigV4Auth, credentials, suffix)
            if request[-1] == b"":  # botocore would presign a body as further query parameters
                yield vector(request, "query", botocore.auth.SigV4QueryAuth, credentials, suffix, expires=900)
        for request in S3_REQUESTS:
            yield vector(request, "header", botocore.auth.S3SigV4Auth, credentials, suffix)
            if request[-1] == b"":
                yield vector(request, "query", botocore.auth.S3SigV4QueryAuth, credentials, suffix, expires=604800)


def vector(request, form, auth, credentials, suffix, **options):
    name, service, region, method, url, headers, body = request
    aws_request = AWSRequest(method=method, url=url, headers=headers, data=body)
    auth(credentials, service, region, **options).add_auth(aws_request)
    prepared = aws_request.prepare()
    scheme, rest = prepared.url.split("://", 1)
    slash = rest.index("/")
    lines = [["Host", rest[:slash]]]
    for key, value in prepared.headers.items():
        text = value if isinstance(value, str) else value.decode("latin1")
        lines.append([key, text])
    return {
        "name": f"{service}: {name}, {form}{suffix}",
        "form": form,
        "service": service,
        "region": region,
        "secretAccessKey": SECRET,
        "request": {
            "method": method,
            "target": rest[slash:],
            "headers": lines,
            "bodyB64": base64.b64encode(body).decode(),
        },
    }


for file, made in (("botocore.jsonl", vectors()), ("botocore-v2.jsonl", v2_vectors())):
    path = pathlib.Path(__file__).parent.parent / "test" / "fixtures" / file
    path.write_text("".join(json.dumps(v) + "\n" for v in made))
    print(f"botocore {botocore.__version__}: {path}")
