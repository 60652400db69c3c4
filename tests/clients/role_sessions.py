"""boto3 with the profile of a role, in a process that stays.

    python3 role_sessions.py PROFILE

makes one call for each line of standard input, and prints who it is as a line of JSON: { arn } or { error }.
"""

import json
import sys

import boto3
from botocore.exceptions import ClientError

sts = boto3.Session(profile_name=sys.argv[1]).client("sts")
for _ in sys.stdin:
    try:
        answer = {"arn": sts.get_caller_identity()["Arn"]}
    except ClientError as error:
        answer = {"error": error.response["Error"]["Code"]}
    print(json.dumps(answer), flush=True)
