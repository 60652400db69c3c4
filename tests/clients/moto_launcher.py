"""moto_server on a free port of 127.0.0.1, with one correction.

As shipped, moto hashes the parameters it parsed from the URL as the payload of a request without a body, so with
authentication on it refuses a rightly signed REST GET. The payload of such a request is empty; nothing else of the
signature check is touched.
"""

from moto.iam.access_control import IAMRequestBase
from moto.server import main

shipped = IAMRequestBase._create_aws_request


def create_aws_request(self):
    if self._method not in ("GET", "HEAD", "DELETE"):
        return shipped(self)
    parsed, self._data = self._data, b""
    try:
        return shipped(self)
    finally:
        self._data = parsed


IAMRequestBase._create_aws_request = create_aws_request

main(["-H", "127.0.0.1", "-p", "0"])
