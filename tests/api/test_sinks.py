"""The sinks themselves, so that a failing API test is not their fault."""

import http.client
import json
import smtplib
import socket

import pytest

from http_sink import HttpSink, drop, fail, hang, http_sink, reply  # noqa: F401
from smtp_sink import CLOSE, HANG, SmtpSink, smtp_sink  # noqa: F401

MESSAGE = "Subject: Disk full\r\n\r\n.dot\r\nbye\r\n"


def send(sink, timeout_s=5, login=None):
    with smtplib.SMTP("127.0.0.1", sink.port, timeout=timeout_s) as relay:
        if login:
            relay.login(*login)
        relay.sendmail("a@example.org", ["b@example.org", "c@example.org"], MESSAGE)


def post(sink, path, body="", timeout_s=5):
    connection = http.client.HTTPConnection("127.0.0.1", sink.port, timeout=timeout_s)
    try:
        connection.request("POST", path, body)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def test_mail_is_kept_whole(smtp_sink):  # noqa: F811
    send(smtp_sink)
    (mail,) = smtp_sink.wait(1, to="c@example.org")
    assert (mail.sender, mail.recipients) == ("a@example.org", ["b@example.org", "c@example.org"])
    assert mail.parsed["Subject"] == "Disk full"
    assert mail.text.splitlines() == [".dot", "bye"]


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA", "FINAL"])
@pytest.mark.parametrize("text", ["450 4.2.0 later", "550 5.1.1 never"])
def test_a_step_is_refused_so_often_as_asked(smtp_sink, step, text):  # noqa: F811
    smtp_sink.answer(step, text, times=2 if step == "RCPT" else 1)
    with pytest.raises(smtplib.SMTPException) as refusal:
        send(smtp_sink)
    assert text[:3] in str(refusal.value)
    assert smtp_sink.mails == []
    send(smtp_sink)
    assert len(smtp_sink.mails) == 1


@pytest.mark.parametrize("text", [HANG, CLOSE])
def test_a_mail_without_an_answer_is_kept(smtp_sink, text):  # noqa: F811
    smtp_sink.answer("FINAL", text)
    with pytest.raises((socket.timeout, smtplib.SMTPServerDisconnected)):
        send(smtp_sink, timeout_s=0.2)
    assert len(smtp_sink.wait(1)) == 1


def test_login_is_insisted_on():
    with SmtpSink(login=("user", "pw")) as sink:
        assert sink.url == f"smtp://user@127.0.0.1:{sink.port}"
        with pytest.raises(smtplib.SMTPException):
            send(sink)
        with pytest.raises(smtplib.SMTPAuthenticationError):
            send(sink, login=("user", "wrong"))
        send(sink, login=("user", "pw"))
        assert sink.mails[0].user == "user"


def test_requests_are_recorded(http_sink):  # noqa: F811
    assert post(http_sink, "/hook?a=1&b=", json.dumps({"x": 1}))[0] == 200
    (request,) = http_sink.wait(1, path="/hook")
    assert (request.method, request.query, request.json) == ("POST", {"a": "1", "b": ""}, {"x": 1})


def test_script_fails_n_times_then_answers(http_sink):  # noqa: F811
    http_sink.script("/hook", fail(503, times=2, retry_after=7), reply(201, {"ok": True}))
    answers = [post(http_sink, "/hook") for _ in range(4)]
    assert [a[0] for a in answers] == [503, 503, 201, 200]
    assert answers[0][1]["Retry-After"] == "7"
    assert json.loads(answers[2][2]) == {"ok": True}


def test_request_without_an_answer_is_recorded(http_sink):  # noqa: F811
    http_sink.script("/hook", drop(), hang())
    with pytest.raises(http.client.RemoteDisconnected):
        post(http_sink, "/hook")
    with pytest.raises(socket.timeout):
        post(http_sink, "/hook", timeout_s=0.2)
    assert len(http_sink.wait(2)) == 2


def test_handler_answers_what_no_script_does(http_sink):  # noqa: F811
    http_sink.handle("/echo", lambda request: reply(200, request.body))
    assert post(http_sink, "/echo", "hello")[2] == b"hello"


def test_port_in_use_is_told():
    with HttpSink() as sink, pytest.raises(OSError):
        HttpSink(port=sink.port).start()
