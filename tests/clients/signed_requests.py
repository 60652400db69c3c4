"""Requests in every form AWS clients sign them in, and what is wrong with some, as questions for `conformance verify`.

    python3 signed_requests.py

One JSON line each: {id, expect, form?, now, keys, request}. Written from AWS's documents, on nothing but the standard
library: it shares neither code nor authors' assumptions with the verifier that is asked.
"""

import base64
import hashlib
import hmac
import json
import struct
import urllib.parse
import zlib
from datetime import datetime, timedelta

ACCESS_KEY, SECRET, TOKEN = "ASIAEXAMPLEEXAMPLE01", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "FwoGZXIv/Y+X3d==token"
KEY = {"accessKeyId": ACCESS_KEY, "secretAccessKey": SECRET, "sessionToken": TOKEN}
NOW = datetime(2026, 11, 23, 12, 34, 56)
AMZ_DATE = "20261123T123456Z"
ALGORITHM = "AWS4-HMAC-SHA256"
BUCKET = "bucket.s3.us-east-1.amazonaws.com"
HOSTS = {"s3": BUCKET, "lambda": "lambda.us-east-1.amazonaws.com", "sqs": "sqs.us-east-1.amazonaws.com"}
S3_FAMILY = ("s3", "s3express", "s3-object-lambda", "s3-outposts")
EMPTY = b""
count = 0


def ask(name, method, target, headers, body=b"", expect="verified", form=None, http="HTTP/1.1", scheme="https", after=0, keys=(KEY,)):
    """Prints a question: whether this request, received `after` seconds later than it was signed, is verified."""
    global count
    count += 1
    request = {"scheme": scheme, "http": http, "method": method, "target": target, "headers": headers}
    question = {"id": f"{count} {name}", "expect": expect, "now": (NOW + timedelta(seconds=after)).isoformat() + "Z"}
    if form:
        question["form"] = form
    body = base64.b64encode(body).decode()
    print(json.dumps({**question, "keys": list(keys), "request": {**request, "bodyB64": body}}))


def refuse(name, method, target, headers, body=b"", **more):
    ask(name, method, target, headers, body, expect="refused", **more)


# --- Signature Version 4, step by step


def sha256(data):
    return hashlib.sha256(data if isinstance(data, bytes) else data.encode()).hexdigest()


def mac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def signing_key(scope):
    key = b"AWS4" + SECRET.encode()
    for part in scope.split("/"):
        key = mac(key, part)
    return key


def encode(data, safe=""):
    return urllib.parse.quote(data, safe=safe + "-_.~")


def recode(text):
    return encode(urllib.parse.unquote_to_bytes(text))


def canonical_path(path, s3):
    if s3:
        return "/".join(recode(segment) for segment in path.split("/"))
    kept = []
    for segment in path.split("/"):
        if segment == "..":
            kept = kept[:-1]
        elif segment not in ("", "."):
            kept.append(segment)
    return encode("/" + "/".join(kept) + ("/" if path.endswith("/") and kept else ""), "/")


def canonical_query(query):
    pairs = [piece.partition("=") for piece in query.split("&") if piece]
    pairs = sorted((recode(name), recode(value)) for name, _, value in pairs)
    return "&".join(f"{name}={value}" for name, value in pairs if name != "X-Amz-Signature")


def signature(method, target, headers, payload, scope, signed=None, s3=None):
    """The names that are signed, and the signature."""
    values = {}
    for name, value in headers:
        values.setdefault(name.lower(), []).append(" ".join(value.split()))
    signed = signed or sorted(values)
    path, _, query = target.partition("?")
    path = canonical_path(path, scope.split("/")[2] in S3_FAMILY if s3 is None else s3)
    lines = "".join(f"{name}:{','.join(values[name])}\n" for name in signed)
    canonical = "\n".join([method, path, canonical_query(query), lines, ";".join(signed), payload])
    to_sign = "\n".join([ALGORITHM, AMZ_DATE, scope, sha256(canonical)])
    return ";".join(signed), mac(signing_key(scope), to_sign).hex()


def scope_of(service):
    return f"{AMZ_DATE[:8]}/us-east-1/{service}/aws4_request"


def bare(payload, *more, host=BUCKET, token=TOKEN):
    headers = [["Host", host], ["x-amz-date", AMZ_DATE]]
    headers += [["x-amz-security-token", token]] if token is not None else []
    headers += [["x-amz-content-sha256", payload]] if payload is not None else []
    return headers + [list(line) for line in more]


def sign(method, target, headers, payload, service="s3", **more):
    """The headers with an Authorization, and the signature."""
    names, found = signature(method, target, headers, payload, scope_of(service), **more)
    credential = f"{ACCESS_KEY}/{scope_of(service)}"
    text = f"{ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={found}"
    return [*headers, ["Authorization", text]], found


def presign(method, target, headers, service="s3", payload=None, expires="60", token=TOKEN, extra="", token_behind=False):
    parameters = [
        ("X-Amz-Algorithm", ALGORITHM),
        ("X-Amz-Credential", f"{ACCESS_KEY}/{scope_of(service)}"),
        ("X-Amz-Date", AMZ_DATE),
        ("X-Amz-Expires", expires),
        ("X-Amz-SignedHeaders", ";".join(sorted(name.lower() for name, _ in headers))),
    ]
    behind = f"&X-Amz-Security-Token={encode(token)}" if token else ""
    query = "&".join(f"{name}={encode(value)}" for name, value in parameters) + extra
    query += "" if token_behind else behind
    target += ("&" if "?" in target else "?") + query
    payload = payload or ("UNSIGNED-PAYLOAD" if service in S3_FAMILY else sha256(EMPTY))
    _, found = signature(method, target, headers, payload, scope_of(service))
    return f"{target}&X-Amz-Signature={found}" + (behind if token_behind else "")


# --- What is signed in headers


def canonical_forms():
    paths = "/ // /a//b /./a /a/../b /.. /a/. /a/.. /a/ /%2f /a%2fb/%2e%2e/c /a+b /a%2Bb /a%20b /% /%zz /%c3%a9 /~ /%7e /*'()! /$&,=@:;"
    queries = "? ?a ?a= ?a&b ?b&a ?a=b=c ?a=+ ?a=%2B ?=x ?& ?a&&b ?a=1&a=0 ?a-=1&a=2 ?A=1&a=1 ?%61=1 ?a=%2f ?a=/ ?a=? ?%C3%A9=1&P=2 ?a;b=1 ?acl ?delete= ?a=%zz ?a=%"
    targets = paths.split() + ["/" + query for query in queries.split()]
    for service in ("s3", "lambda"):
        host = HOSTS[service]
        for target in targets:
            body = b"{}"
            headers, _ = sign("PUT", target, bare(sha256(body), host=host), sha256(body), service)
            ask(f"{service} {target}", "PUT", target, headers, body, form="header")
            headers, _ = sign("PUT", target, bare(None, host=host), sha256(body), service)
            ask(f"{service} {target}, hash unstated", "PUT", target, headers, body, form="header-unstated-hash")
            refuse(f"{service} {target}, another body", "PUT", target, headers, body + b" ")
            path = target.split("?")[0]
            if canonical_path(path, True) != canonical_path(path, False):
                headers, _ = sign("PUT", target, bare(sha256(body), host=host), sha256(body), service, s3=service != "s3")
                refuse(f"{service} {target} by the other rule for paths", "PUT", target, headers, body)
        name = "x-amz-meta-a"
        several = {
            "blanks inside": [[name, "a   b\tc"]],
            "in quotes": [[name, '"a   b"']],
            "twice": [[name, "1"], [name.upper(), " 2 "]],
            "twice, not in order": [[name, "z"], [name, "a"]],
            "empty": [[name, ""]],
            "blank": [[name, "   "]],
            "commas": [[name, "a,b , c"]],
        }
        for what, lines in several.items():
            headers, _ = sign("GET", "/k", bare(sha256(EMPTY), *lines, host=host), sha256(EMPTY), service)
            ask(f"{service} header: {what}", "GET", "/k", headers)
        headers, _ = sign("GET", "/k", bare(sha256(EMPTY), [name, "z"], [name, "a"], host=host), sha256(EMPTY), service)
        headers[4], headers[5] = headers[5], headers[4]
        refuse(f"{service} header twice, exchanged", "GET", "/k", headers)


def authorizations():
    plain = bare(sha256(EMPTY))
    headers, found = sign("GET", "/k", plain, sha256(EMPTY))
    names = "host;x-amz-content-sha256;x-amz-date;x-amz-security-token"
    c, s, g = f"Credential={ACCESS_KEY}/{scope_of('s3')}", f"SignedHeaders={names}", f"Signature={found}"
    scheme = ALGORITHM
    for text in (f"{scheme} {c},{s},{g}", f"{scheme} {c},  {s},  {g}", f"{scheme}\t{c},\t{s},\t{g}", f"{scheme} {g}, {s}, {c}", f"  {scheme}   {c} , {s} , {g}  "):
        ask(f"written {text!r}", "GET", "/k", [*plain, ["authorization", text]])
    wrong = [
        f"{scheme.lower()} {c},{s},{g}",
        f"{scheme} {c},{s},{g},{g}",
        f"{scheme} {c},{s},{g},X=1",
        f"{scheme} {c},{g}",
        f"{scheme} {s},{g}",
        f"{scheme} {c},{s}",
        f"{scheme} {c},SignedHeaders=,{g}",
        f"{scheme} {c},{s},Signature={found.upper()}",
        f"{scheme} {c},{s},Signature={found[:-1]}",
        f"{scheme} {c},SignedHeaders={names.upper()},{g}",
        f"{scheme} {c},SignedHeaders={names};host,{g}",
        f"{scheme} {c},SignedHeaders=x-amz-date;host,{g}",
        f"{scheme} {c},SignedHeaders=x-amz-date,{g}",
        f"AWS4-HMAC-SHA512 {c},{s},{g}",
        f"{scheme} Credential={ACCESS_KEY}/20261122/us-east-1/s3/aws4_request,{s},{g}",
        f"{scheme} Credential={ACCESS_KEY}/20261123//s3/aws4_request,{s},{g}",
        f"{scheme} {c} {s} {g}",
        scheme,
        "",
        "Basic dXNlcjpwYXNz",
        "Bearer abc",
    ]
    for text in wrong:
        refuse(f"written {text!r}", "GET", "/k", [*plain, ["Authorization", text]])
    refuse("two authorizations", "GET", "/k", [*headers, headers[-1]])
    for more in ("X-Amz-Algorithm=AWS4-HMAC-SHA256", "X-Amz-Security-Token=x", "AWSAccessKeyId=a&Signature=b"):
        refuse(f"header and {more}", "GET", f"/k?{more}", sign("GET", f"/k?{more}", plain, sha256(EMPTY))[0])
    for line in plain:
        refuse(f"{line[0]} twice", "GET", "/k", [line, *headers])
    refuse("a signed header is gone", "GET", "/k", [line for line in sign("GET", "/k", [*plain, ["x-amz-acl", "p"]], sha256(EMPTY))[0] if line[0] != "x-amz-acl"])
    for value in (sha256(EMPTY).upper(), sha256(EMPTY)[:-1], "unsigned-payload", "STREAMING-FOO", "", "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"):
        refuse(f"x-amz-content-sha256 {value!r}", "GET", "/k", sign("GET", "/k", bare(value), value)[0])
    for token in (None, "", TOKEN[:-1], TOKEN + "x"):
        refuse(f"token {token!r}", "GET", "/k", sign("GET", "/k", bare(sha256(EMPTY), token=token), sha256(EMPTY))[0])
    unsigned, _ = sign("GET", "/k", bare(sha256(EMPTY), token=None), sha256(EMPTY))
    ask("a token that is not signed", "GET", "/k", [*unsigned, ["x-amz-security-token", TOKEN]])
    refuse("another token that is not signed", "GET", "/k", [*unsigned, ["x-amz-security-token", "x"]])
    refuse("a key of somebody else", "GET", "/k", headers, keys=[])
    for name in ("x-amz-acl", "x-amz-copy-source", "x-amz-meta-a"):
        refuse(f"S3, {name} not signed", "GET", "/k", [*headers, [name, "v"]])
    for name in ("x-amz-user-agent", "X-Amzn-Trace-Id", "x-custom"):
        ask(f"S3, {name} not signed", "GET", "/k", [*headers, [name, "v"]])


def times():
    for service, limit in (("s3", 900), ("lambda", 300)):
        host = HOSTS[service]
        headers, _ = sign("GET", "/", bare(sha256(EMPTY), host=host), sha256(EMPTY), service)
        url = presign("GET", "/", [["Host", host]], service)
        for after in (-limit, 0, limit):
            ask(f"{service}, {after} s later", "GET", "/", headers, after=after)
        for after in (-limit - 1, limit + 1):
            refuse(f"{service}, {after} s later", "GET", "/", headers, after=after)
        for after in (-900, 0, 60):
            ask(f"{service} URL, {after} s later", "GET", url, [["Host", host]], after=after, form="presigned")
        for after in (-901, 61):
            refuse(f"{service} URL, {after} s later", "GET", url, [["Host", host]], after=after)
        for expires in ("1", "604800"):
            ask(f"{service} URL for {expires} s", "GET", presign("GET", "/", [["Host", host]], service, expires=expires), [["Host", host]])
        for expires in ("0", "-1", "604801", "1.5", "", "+60", "1e3", "60 "):
            refuse(f"{service} URL for {expires!r} s", "GET", presign("GET", "/", [["Host", host]], service, expires=expires), [["Host", host]])
        for date in ("20261123T123456", "2026-11-23T12:34:56Z", "20261323T123456Z", "20260230T123456Z", "20261123T243456Z", ""):
            lines = [["x-amz-date", date] if name == "x-amz-date" else [name, value] for name, value in bare(sha256(EMPTY), host=host)]
            refuse(f"{service}, dated {date!r}", "GET", "/", sign("GET", "/", lines, sha256(EMPTY), service)[0])
        for date, expect in (("Mon, 23 Nov 2026 12:34:56 GMT", ask), (AMZ_DATE, ask), ("Tue, 23 Nov 2026 12:34:56 GMT", refuse)):
            lines = [["Date", date] if name == "x-amz-date" else [name, value] for name, value in bare(sha256(EMPTY), host=host)]
            expect(f"{service}, Date: {date}", "GET", "/", sign("GET", "/", lines, sha256(EMPTY), service)[0])


# --- What is signed in the query


def presigned():
    host = [["Host", BUCKET]]
    url = presign("PUT", "/a%20b//../c?acl&x=+", host)
    ask("URL of S3, whatever the body", "PUT", url, host, b"anything", form="presigned")
    refuse("URL of another key", "PUT", url.replace("/a", "/b", 1), host)
    path, query = url.split("?", 1)
    for name in ("Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature"):
        own = [piece for piece in query.split("&") if piece.startswith(f"X-Amz-{name}=")]
        refuse(f"URL without {name}", "PUT", path + "?" + "&".join(piece for piece in query.split("&") if piece not in own), host)
        refuse(f"URL with {name} twice", "PUT", f"{url}&{own[0]}", host)
        refuse(f"URL with {name} in small letters", "PUT", url.replace(f"X-Amz-{name}", f"x-amz-{name.lower()}"), host)
    refuse("URL without a token", "PUT", presign("PUT", "/k", host, token=None), host)
    refuse("URL of S3 with the token behind", "PUT", presign("PUT", "/k", host, token_behind=True), host)
    refuse("URL of S3 with a setting that is not signed", "PUT", presign("PUT", "/k", host), [*host, ["x-amz-acl", "public-read"]])
    ask("URL with an escaped name", "PUT", presign("PUT", "/k", host).replace("X-Amz-Date", "X-Amz%2DDate"), host)
    ask("URL over plain HTTP", "GET", presign("GET", "/k", host), host, scheme="http")
    hash_of = sha256(b"hello")
    url = presign("PUT", "/k", host, payload=hash_of, extra=f"&X-Amz-Content-Sha256={hash_of}")
    ask("URL with a hash", "PUT", url, host, b"hello")
    refuse("URL with a hash, another body", "PUT", url, host, b"hellO")
    sqs = [["Host", HOSTS["sqs"]]]
    url = presign("POST", "/?Action=ListQueues", sqs, "sqs", payload=sha256(b"a=b"))
    ask("URL of another service, its body hashed", "POST", url, sqs, b"a=b")
    refuse("URL of another service, another body", "POST", url, sqs, b"a=c")
    eks = [["Host", "sts.amazonaws.com"], ["x-k8s-aws-id", "cluster"]]
    url = presign("GET", "/?Action=GetCallerIdentity&Version=2011-06-15", eks, "sts")
    ask("URL with a signed header", "GET", url, eks)
    refuse("URL with another signed header", "GET", url, [eks[0], ["x-k8s-aws-id", "other"]])
    refuse("URL without its signed header", "GET", url, eks[:1])
    web_socket = [["Upgrade", "websocket"], ["Connection", "Upgrade"]]
    iot = [["Host", "a-ats.iot.us-east-1.amazonaws.com"]]
    url = presign("GET", "/mqtt", iot, "iotdevicegateway", token_behind=True)
    ask("WebSocket URL of IoT, its token behind", "GET", url, iot + web_socket, form="websocket")
    refuse("WebSocket URL of IoT, another token behind", "GET", url + "x", iot + web_socket)


def bearer():
    headers = [["Host", "bedrock-runtime.us-east-1.amazonaws.com"]]

    def key(service="bedrock", action="CallWithBearerToken", host="bedrock.amazonaws.com", behind="&Version=1", method="POST"):
        url = presign(method, f"/?Action={action}", [["host", "bedrock.amazonaws.com"]], service)
        return "Bearer bedrock-api-key-" + base64.b64encode(f"{host}{url}{behind}".encode()).decode()

    ask("Bedrock key", "POST", "/model/a/invoke", [*headers, ["Authorization", key()]], b"{}", form="bearer")
    wrong = [key("sts"), key(action="InvokeModel"), key(host="example.com"), key(behind="&X=1"), key(method="GET"), "Bearer ABSKabc", "Bearer "]
    for text in wrong:
        refuse(f"Bedrock key {text[:60]}", "POST", "/model/a/invoke", [*headers, ["Authorization", text]], b"{}")
    refuse("Bedrock key, expired", "POST", "/model/a/invoke", [*headers, ["Authorization", key()]], b"{}", after=61)


def http2():
    lines = [[":authority", BUCKET], *bare(sha256(EMPTY))[1:]]
    headers, _ = sign("GET", "/k", lines, sha256(EMPTY))
    ask(":authority signed", "GET", "/k", headers, http="h2")
    ask(":authority and host, alike", "GET", "/k", [*headers, ["host", BUCKET]], http="h2")
    refuse(":authority and host, unlike", "GET", "/k", [*headers, ["host", "example.com"]], http="h2")
    refuse("another :authority", "GET", "/k", [[":authority", "other.s3.us-east-1.amazonaws.com"], *headers[1:]], http="h2")
    refuse(":authority signed, over HTTP/1.1", "GET", "/k", [["Host", BUCKET], *headers[1:]])
    headers, _ = sign("GET", "/k", [["host", BUCKET], *lines[1:]], sha256(EMPTY))
    ask("host signed, :authority sent", "GET", "/k", [[":authority", BUCKET], *headers[1:]], http="h2")
    headers, _ = sign("GET", "/k", lines, sha256(EMPTY), signed=["x-amz-date"])
    refuse("nothing of the host signed", "GET", "/k", headers, http="h2")


# --- Bodies that stream


def chunked(parts, seed, trailers=None, date=AMZ_DATE, size=lambda n: f"{n:x}", blank_line=False):
    scope, key, previous, out = scope_of("s3"), signing_key(scope_of("s3")), seed, b""
    for part in [*parts, b""]:
        to_sign = "\n".join([f"{ALGORITHM}-PAYLOAD", date, scope, previous, sha256(EMPTY), sha256(part)])
        previous = mac(key, to_sign).hex()
        out += f"{size(len(part)) if part else '0'};chunk-signature={previous}\r\n".encode() + part + (b"\r\n" if part else b"")
    if trailers is None:
        return out + b"\r\n"
    lines = "".join(sorted(f"{name.lower()}:{value.strip()}\n" for name, value in trailers))
    found = mac(key, "\n".join([f"{ALGORITHM}-TRAILER", date, scope, previous, sha256(lines)])).hex()
    out += b"\r\n" if blank_line else b""
    out += "".join(f"{name}:{value}\r\n" for name, value in trailers).encode()
    return out + f"x-amz-trailer-signature:{found}\r\n\r\n".encode()


def signed_chunks(trailer):
    parts = [b"a" * 65536, b"b" * 65536, b"tail" * 100]
    total = sum(map(len, parts))
    literal = f"STREAMING-{ALGORITHM}-PAYLOAD" + ("-TRAILER" if trailer else "")
    crc = [("x-amz-checksum-crc32c", "sOO8/Q==")] if trailer else None
    form = "signed-chunks-trailer" if trailer else "signed-chunks"

    def head(decoded=total, announced="x-amz-checksum-crc32c"):
        more = [["x-amz-decoded-content-length", str(decoded)]] + ([["x-amz-trailer", announced]] if trailer else [])
        return sign("PUT", "/k", bare(literal, *more), literal)

    headers, seed = head()
    whole = chunked(parts, seed, crc)
    first = len("10000;chunk-signature=") + 64 + 2 + 65536 + 2
    last = whole.rindex(b"0;chunk-signature=")

    def accept(what, body, sent=headers):
        ask(f"{form}: {what}", "PUT", "/k", sent, body, form=form)

    def deny(what, body, sent=headers):
        refuse(f"{form}: {what}", "PUT", "/k", sent, body, form=form)

    accept("right", whole)
    accept("sizes in capitals", chunked(parts, seed, crc, size=lambda n: f"{n:X}"))
    accept("sizes with zeros in front", chunked(parts, seed, crc, size=lambda n: f"{n:08x}"))
    other, empty_seed = head(decoded=0)
    accept("nothing", chunked([], empty_seed, crc), other)
    deny("without its last chunk", whole[:last])
    deny("cut in a chunk", whole[:100_000])
    for cut in (1, 2):
        deny(f"{cut} bytes short", whole[:-cut])
    for more in (b"x", b"\r\n", whole):
        deny(f"{len(more)} bytes more", whole + more)
    deny("empty", b"")
    deny("as it is, in no chunks", b"".join(parts))
    deny("one bit of data wrong", whole[:200] + bytes([whole[200] ^ 1]) + whole[201:])
    deny("chunks exchanged", whole[first : 2 * first] + whole[:first] + whole[2 * first :])
    deny("a chunk left out", whole[first:])
    deny("a chunk twice", whole[:first] + whole)
    deny("of another request", chunked(parts, "0" * 64, crc))
    deny("of another date", chunked(parts, seed, crc, date="20261123T123457Z"))
    deny("an extension", whole.replace(b";chunk-signature=", b";a=b;chunk-signature=", 1))
    deny("a bare line feed", whole.replace(b"\r\n", b"\n", 1))
    at = last + len(b"0;chunk-signature=")
    deny("the last signature wrong", whole[:at] + (b"1" if whole[at : at + 1] == b"0" else b"0") + whole[at + 1 :])
    for decoded in (total - 1, total + 1, "abc"):
        other, other_seed = head(decoded=decoded)
        deny(f"decoded length {decoded}", chunked(parts, other_seed, crc), other)
    if not trailer:
        deny("a trailer", chunked(parts, seed, [("x-amz-checksum-crc32c", "sOO8/Q==")]))
        return
    accept("an empty line before the trailers", chunked(parts, seed, crc, blank_line=True))
    accept("a name in capitals", chunked(parts, seed, [("X-Amz-Checksum-CRC32C", "sOO8/Q==")]))
    accept("a blank before the value", chunked(parts, seed, [("x-amz-checksum-crc32c", " sOO8/Q==")]))
    other, other_seed = head(announced="first,second,third")
    three = [("first", "1st"), ("second", "2nd"), ("third", "3rd")]
    accept("three trailers", chunked(parts, other_seed, three), other)
    accept("three trailers, the other way round", chunked(parts, other_seed, three[::-1]), other)
    deny("one of three missing", chunked(parts, other_seed, three[1:]), other)
    deny("a trailer changed", whole.replace(b"sOO8", b"sOO9"))
    deny("a trailer that is not announced", chunked(parts, seed, [("x-amz-checksum-sha1", "x")]))
    deny("a trailer more", chunked(parts, seed, [*crc, ("x-amz-foo", "x")]))
    deny("no trailer", chunked(parts, seed, []))
    at = whole.rindex(b"x-amz-trailer-signature:")
    deny("no signature of the trailers", whole[:at] + b"\r\n")
    deny("a wrong signature of the trailers", whole[: at + 24] + b"0" * 64 + b"\r\n\r\n")


def unsigned_chunks():
    literal = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
    lines = [["x-amz-decoded-content-length", "11"], ["x-amz-trailer", "x-amz-checksum-crc32"]]
    headers, _ = sign("PUT", "/k", bare(literal, *lines), literal)
    form = "unsigned-chunks-trailer"
    right = b"b\r\nhello world\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n"
    end = b"0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n"
    for body in (right, b"5\r\nhello\r\n6\r\n world\r\n" + end, right.replace(b"b\r\n", b"B\r\n", 1), right.replace(b":", b": ")):
        ask(f"{form}: {body!r}", "PUT", "/k", headers, body, form=form)
    wrong = [
        b"",
        b"hello world",
        right[:-1],
        right + b"x",
        right.replace(b"\r\n", b"\n"),
        right.replace(b"b\r\n", b"b;x=y\r\n", 1),
        right.replace(b"b\r\n", b"0xb\r\n", 1),
        right.replace(b"crc32", b"sha1"),
        right.replace(b"\r\n\r\n", b"\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n"),
        b"b\r\nhello world\r\n0\r\n\r\n",
        b"a\r\nhello worl\r\n" + end,
        b"c\r\nhello world!\r\n" + end,
    ]
    for body in wrong:
        refuse(f"{form}: {body!r}", "PUT", "/k", headers, body, form=form)
    refuse(f"{form} over plain HTTP", "PUT", "/k", headers, right, scheme="http", form=form)


def express_sessions():
    host = "b--use1-az4--x-s3.s3express-use1-az4.us-east-1.amazonaws.com"
    for service in ("s3", "s3express"):
        for token, expect in ((TOKEN, ask), ("x", refuse)):
            lines = bare("UNSIGNED-PAYLOAD", ["x-amz-s3session-token", token], host=host, token=None)
            headers, _ = sign("GET", "/k", lines, "UNSIGNED-PAYLOAD", service)
            expect(f"session signed for {service}, token {token}", "GET", "/k", headers, form="s3-express-session")


def events():
    host = "transcribestreaming.us-east-1.amazonaws.com"
    literal = f"STREAMING-{ALGORITHM}-EVENTS"
    lines = [[":authority", host], *bare(literal)[1:], ["content-type", "application/vnd.amazon.eventstream"]]
    headers, seed = sign("POST", "/stream-transcription", lines, literal, "transcribe")
    scope = scope_of("transcribe")

    def frame(head, payload):
        prelude = struct.pack(">II", 16 + len(head) + len(payload), len(head))
        whole = prelude + struct.pack(">I", zlib.crc32(prelude)) + head + payload
        return whole + struct.pack(">I", zlib.crc32(whole))

    def stream(payloads, previous=seed, first=1795437296000, date_last=False):
        frames = []
        for i, payload in enumerate([*payloads, b""]):
            at = first + 1000 * i
            date = b"\x05:date\x08" + struct.pack(">q", at)
            text = (datetime(1970, 1, 1) + timedelta(milliseconds=at)).strftime("%Y%m%dT%H%M%SZ") if abs(at) < 10**14 else AMZ_DATE
            to_sign = "\n".join([f"{ALGORITHM}-PAYLOAD", text, scope, previous, sha256(date), sha256(payload)])
            found = mac(signing_key(scope), to_sign)
            previous = found.hex()
            signed = b"\x10:chunk-signature\x06" + struct.pack(">H", 32) + found
            frames.append(frame(signed + date if date_last else date + signed, payload))
        return frames

    def question(asked, what, body):
        asked(f"events: {what}", "POST", "/stream-transcription", headers, body, http="h2", form="event-stream")

    one, two, last = stream([frame(b"", b"one"), b"two"])
    question(ask, "right", one + two + last)
    question(ask, "none but the last", b"".join(stream([])))
    question(ask, "the date behind the signature", b"".join(stream([b"one"], date_last=True)))
    question(ask, "over midnight", b"".join(stream([b"one", b"two"], first=1795478399000)))
    question(refuse, "without the last", one + two)
    question(refuse, "empty", b"")
    question(refuse, "exchanged", two + one + last)
    question(refuse, "one left out", one + last)
    question(refuse, "one after the last", one + two + last + one)
    question(refuse, "cut", (one + two + last)[:-1])
    question(refuse, "a checksum wrong", one[:-1] + bytes([one[-1] ^ 1]) + two + last)
    question(refuse, "of another request", b"".join(stream([b"one"], previous="0" * 64)))
    question(refuse, "not signed", frame(b"", b"one") + frame(b"", b""))
    for first in (8_640_000_000_000_000 - 2000, 2**63 - 10_000, -(2**63)):
        question(refuse, f"dated {first}", b"".join(stream([b"one"], first=first)))


canonical_forms()
authorizations()
times()
presigned()
bearer()
http2()
for with_trailer in (False, True):
    signed_chunks(with_trailer)
unsigned_chunks()
express_sessions()
events()
ask("unsigned payload", "PUT", "/k", sign("PUT", "/k", bare("UNSIGNED-PAYLOAD"), "UNSIGNED-PAYLOAD")[0], b"x", form="header-unsigned-payload")
refuse("not signed", "GET", "/k", [["Host", BUCKET]], form="unsigned")
refuse("a query service in Signature Version 2", "POST", "/", [["Host", "sdb.amazonaws.com"], ["Content-Type", "application/x-www-form-urlencoded"]], b"Action=ListDomains&AWSAccessKeyId=a&SignatureVersion=2&Signature=b", form="sigv2-query-service")
