"""Prints a minimal request for every operation of every service, as botocore would send it, one JSON object a line.

botocore chooses the host, the path, the headers and the scope; nothing is sent. The first line is a summary of what
botocore cannot serialise here (event-stream input, SigV4a without awscrt). Usage: requests.py [variant [services]],
where variant is plain, full (every member set, odd characters in texts), dualstack, fips, presigned, path or accelerate (S3), or
the ARN that stands for a bucket. Each line has the parameters it was made from.
"""

import base64
import json
import os
import re
import sys

os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull

import botocore  # noqa: E402
import botocore.session  # noqa: E402
from botocore.config import Config  # noqa: E402


class Captured(Exception):
    def __init__(self, request):
        self.request = request


def capture(request, **_):
    raise Captured(request)


ACCOUNT = "123456789012"
SPECIAL = {
    "AccountId": ACCOUNT,
    "Bucket": "example-bucket",
    "CopySource": "source-bucket/source-key",
    "PredictEndpoint": "https://realtime.machinelearning.us-east-1.amazonaws.com",
    "RequestRoute": "io-route",
    "x-amz-account-id": ACCOUNT,
}


SERVICE = [""]
FULL = [False]
HOST_LABELS = [()]
ODD = " \u00e9+%&=;<>\"'/:x"


def plain(parameters):
    if isinstance(parameters, dict):
        return {str(key): plain(item) for key, item in parameters.items()}
    if isinstance(parameters, list):
        return [plain(item) for item in parameters]
    return parameters if isinstance(parameters, (str, int, float, bool, type(None))) else ""


def value(shape, name, depth=0, seen=()):
    if name in SPECIAL and shape.type_name == "string":
        return SPECIAL[name]
    kind = shape.type_name
    if kind == "structure":
        if getattr(shape, "is_document_type", False):
            return {}
        if shape.name in seen:
            return {}
        members = {}
        required = list(shape.required_members)
        if FULL[0] and depth < 6:
            required = list(shape.members)
        if getattr(shape, "is_tagged_union", False) and shape.members:
            required = [next(iter(shape.members))]
        for member in required:
            members[member] = value(shape.members[member], member, depth + 1, seen + (shape.name,))
        return members
    if kind == "list":
        count = max(int(shape.metadata.get("min", 0)), 2 if FULL[0] and depth < 4 else 1)
        return [value(shape.member, name, depth + 1, seen + (shape.name,)) for _ in range(count)]
    if kind == "map":
        return {value(shape.key, name, depth + 1, seen): value(shape.value, name, depth + 1, seen)}
    if kind == "string":
        if shape.enum:
            return shape.enum[0]
        length = max(int(shape.metadata.get("min", 1)), 1)
        if "arn" in name.lower() and length <= 60:
            kind = {"kinesis": "stream"}.get(SERVICE[0], "resource")
            return f"arn:aws:{SERVICE[0]}:us-east-1:123456789012:{kind}/abcdefghijklmnop"
        text = ("abcdefgh" * (length // 8 + 1))[: max(length, 8)]
        in_head = shape.serialization.get("location") in ("header", "headers")
        # botocore cuts Route 53's ids at their slashes
        odd = ODD.replace("/", "") if SERVICE[0] == "route53" else ODD
        return text + odd if FULL[0] and not in_head and name not in HOST_LABELS[0] else text
    if kind in ("integer", "long"):
        return max(int(shape.metadata.get("min", 1)), 1)
    if kind in ("float", "double"):
        return 1.0
    if kind == "boolean":
        return True
    if kind == "timestamp":
        return 1700000000
    if kind == "blob":
        return b"x" * max(int(shape.metadata.get("min", 1)), 1)
    raise ValueError(kind)


METHOD = [""]


def note_method(request, **_):
    METHOD[0] = request.method


def method_names(client):
    return {operation: method for method, operation in client.meta.method_to_api_mapping.items()}


def scope_of(request, service_model, region):
    authorization = request.headers.get("Authorization")
    if authorization is not None:
        text = authorization.decode() if isinstance(authorization, bytes) else authorization
        found = re.search(r"Credential=[^/]+/(\d{8})/([^/]+)/([^/]+)/aws4_request", text)
        if found:
            return {"date": found[1], "region": found[2], "service": found[3]}
    return {"date": "20260101", "region": region, "service": service_model.signing_name, "unsigned": True}


def text(item):
    return item.decode("latin-1") if isinstance(item, bytes) else str(item)


def main():
    variant = sys.argv[1] if len(sys.argv) > 1 else "plain"
    only = sys.argv[2].split(",") if len(sys.argv) > 2 else None
    session = botocore.session.Session()
    session.set_credentials("AKIDEXAMPLE", "secret")
    region = "us-east-1"
    config = {"parameter_validation": False, "retries": {"max_attempts": 0}}
    FULL[0] = variant == "full"
    if variant == "dualstack":
        config["use_dualstack_endpoint"] = True
    if variant == "fips":
        config["use_fips_endpoint"] = True
    if variant == "path":
        config["s3"] = {"addressing_style": "path"}
    if variant == "accelerate":
        config["s3"] = {"use_accelerate_endpoint": True}
    if variant.startswith("arn:"):
        SPECIAL["Bucket"] = variant
        region = variant.split(":")[3]
    failed = {}
    count = 0
    out = []
    for name in session.get_available_services():
        if only is not None and name not in only:
            continue
        config.pop("signature_version", None)
        if variant == "presigned" and name == "s3":
            config["signature_version"] = "s3v4"  # botocore's own default is SigV2
        at = "us-west-2" if name in ("globalaccelerator", "networkmanager") else region
        try:
            client = session.create_client(name, region_name=at, config=Config(**config))
            if client.meta.service_model.endpoint_discovery_required:
                # A fixed endpoint keeps botocore from asking for one first.
                url = client.meta.endpoint_url
                client = session.create_client(name, region_name=at, endpoint_url=url, config=Config(**config))
        except Exception as error:  # noqa: BLE001
            failed[name] = f"{type(error).__name__}: {error}"[:160]
            continue
        client.meta.events.register_first("before-send", capture)
        client.meta.events.register_first("before-sign", note_method)
        model = client.meta.service_model
        SERVICE[0] = "cloudfront" if name == "cloudfront-keyvaluestore" else model.signing_name
        if variant == "presigned" and not model.resolved_protocol.startswith(("query", "ec2", "rest")):
            continue  # these name the operation in a header or need a body
        for operation in model.operation_names:
            op = model.operation_model(operation)
            count += 1
            if op.has_event_stream_input:
                failed[f"{name}:{operation}"] = "event-stream input"
                continue
            HOST_LABELS[0] = ("Bucket", "Key", *re.findall(r"{(\w+)}", (op.endpoint or {}).get("hostPrefix", "")))
            params = value(op.input_shape, "") if op.input_shape else {}
            given = plain(params)  # botocore changes some on the way
            try:
                if variant == "presigned":
                    url = client.generate_presigned_url(method_names(client)[operation], params, 900)
                    found = re.match(r"https?://([^/?]+)(.*)$", url)
                    scope = re.search(r"X-Amz-Credential=[^&]+?%2F(\d{8})%2F([^&]+?)%2F([^&]+?)%2Faws4_request", url)
                    if scope is None:
                        failed[f"{name}:{operation}"] = "no SigV4 in the URL"
                        continue
                    out.append(
                        {
                            "service": name,
                            "operation": re.sub(r"\d{4}_\d{2}_\d{2}$", "", operation),
                            "method": METHOD[0],
                            "host": found[1].lower(),
                            "target": found[2] if found[2].startswith("/") else "/" + found[2],
                            "headers": [],
                            "body": "",
                            "scope": {"date": scope[1], "region": scope[2], "service": scope[3]},
                        }
                    )
                    continue
                client._make_api_call(operation, params)
                failed[f"{name}:{operation}"] = "not captured"
            except Captured as captured:
                request = captured.request
                body = request.body
                if hasattr(body, "read"):
                    body = body.read()
                if isinstance(body, str):
                    body = body.encode()
                found = re.match(r"https?://([^/?]+)(.*)$", request.url)
                target = found[2] or "/"
                if not target.startswith("/"):
                    target = "/" + target
                out.append(
                    {
                        "service": name,
                        "operation": re.sub(r"\d{4}_\d{2}_\d{2}$", "", operation),
                        "method": request.method,
                        "host": found[1].lower(),
                        "target": target,
                        "headers": [[text(k), text(v)] for k, v in request.headers.items()],
                        "body": base64.b64encode(body or b"").decode(),
                        "scope": scope_of(request, model, at),
                        "params": given,
                    }
                )
            except Exception as error:  # noqa: BLE001
                failed[f"{name}:{operation}"] = f"{type(error).__name__}: {error}"[:160]
    print(json.dumps({"botocore": botocore.__version__, "operations": count, "failed": failed}))
    for line in out:
        print(json.dumps(line))


main()
