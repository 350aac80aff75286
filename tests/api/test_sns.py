"""AWS SNS: the signature against botocore's, and against moto, which checks it as AWS does."""

import os
import subprocess
import sys
import time
import urllib.parse
import urllib.request

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest

from doubles import OK, PHONE, make  # noqa: F401

SECRET = "sns secret/+"


def botocore_says(request, url, secret=SECRET):
    """The Authorization that botocore would send with the same body at the same second."""
    when = request.headers["x-amz-date"]
    ours = botocore.awsrequest.AWSRequest("POST", url, data=request.body, headers={"Content-Type": request.headers["content-type"]})
    signer = botocore.auth.SigV4Auth(botocore.credentials.Credentials("AKIATEST", secret), "sns", "eu-central-1")
    ours.context["timestamp"] = when
    ours.headers["X-Amz-Date"] = when
    canonical = signer.canonical_request(ours)
    signature = signer.signature(signer.string_to_sign(ours, canonical), ours)
    return f"AWS4-HMAC-SHA256 Credential={signer.scope(ours)}, SignedHeaders={signer.signed_headers(signer.headers_to_sign(ours))}, Signature={signature}"


@pytest.mark.parametrize("title", ["Disk full", "Größe & <Maß> 100% +~*'()", "x" * 400])
def test_the_signature_is_botocores(make, title):  # noqa: F811
    double = make("aws_sns")
    double.script(OK["aws_sns"])
    double.fire(title=title, priority="p1")
    [request] = double.calls()
    assert request.headers["authorization"] == botocore_says(request, double.world.sink.url + double.path)
    assert request.headers["authorization"] != botocore_says(request, double.world.sink.url + double.path, "another")


@pytest.fixture(scope="module")
def moto(tmp_path_factory):
    """A server that refuses wrong signatures from the third request on."""
    log = open(tmp_path_factory.mktemp("moto") / "log", "wb")
    process = subprocess.Popen([sys.executable, "-c", """
import sys, threading
from werkzeug.serving import make_server
from moto.server import DomainDispatcherApplication, create_backend_app
server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=True)
print(server.server_port, flush=True)
server.serve_forever()
"""], stdout=subprocess.PIPE, stderr=log, env={**os.environ, "INITIAL_NO_AUTH_ACTION_COUNT": "3", "MOTO_CALL_RESET_API": "false"})
    url = f"http://127.0.0.1:{process.stdout.readline().decode().strip()}"
    yield url
    process.kill()
    process.wait()
    log.close()


def iam(url, **fields):
    """One of the three calls that moto takes unsigned."""
    body = urllib.parse.urlencode({"Version": "2010-05-08", **fields}).encode()
    scope = time.strftime("%Y%m%d") + "/us-east-1/iam/aws4_request"
    request = urllib.request.Request(url, body, {"Content-Type": "application/x-www-form-urlencoded", "Authorization":
                                                 f"AWS4-HMAC-SHA256 Credential=none/{scope}, SignedHeaders=host, Signature=none"})
    return urllib.request.urlopen(request, timeout=30).read().decode()


def test_moto_takes_the_message_and_refuses_a_wrong_secret(world, moto):
    iam(moto, Action="CreateUser", UserName="tocsin")
    made = iam(moto, Action="CreateAccessKey", UserName="tocsin")
    key_id, secret = (made.split(f"<{name}>")[1].split(f"</{name}>")[0] for name in ("AccessKeyId", "SecretAccessKey"))
    iam(moto, Action="PutUserPolicy", UserName="tocsin", PolicyName="sms",
        PolicyDocument='{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sns:*", "Resource": "*"}]}')
    server = world.server
    settings = {"region": "eu-central-1", "key_id": key_id, "url": moto}
    connector = server.make("connectors", name=f"SNS {world.name}", channel="aws_sns", secret=secret, settings=settings)
    state = lambda: server.get(f"connectors/{connector['id']}")  # noqa: E731
    server.settle()
    assert state()["state"] == "working", state()
    ann = world.user("ann")
    method = world.method(ann, "sms", PHONE)
    world.steps(ann, [(0, [method])])
    world.source = world.integration(world.policy([ann], wait_s=3600, repeat=0))
    world.fire("disk", priority="p1", title="Größe & mehr")
    [sent] = world.notifications(world.page(world.alert("disk")))
    assert sent["status"] == "sent" and len(sent["provider_id"]) == 36, (sent["error"], sent)
    server.change("connectors", connector["id"], secret=secret[:-1])
    server.settle()
    wrong = state()
    server.api("DELETE", f"connectors/{connector['id']}")
    for alert in server.items("alerts", source="manual"):
        if alert["status"] == "triggered":
            server.verb("alerts", alert["id"], "resolve")
    assert wrong["state"] == "misconfigured" and "SignatureDoesNotMatch" in wrong["state_reason"], wrong
