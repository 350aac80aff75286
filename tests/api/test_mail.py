"""The mail: text and HTML, threads, the link, and what a relay's answers mean."""

import pytest

from smtp_sink import SmtpSink
from world import find_link


@pytest.fixture
def mailed(world):
    """Ann is told by mail alone."""
    world.ann = world.user("ann", time_zone="America/New_York")
    world.address = world.ann["email"]
    (method,) = [m for m in world.server.items("contact-methods", user_id=world.ann["id"]) if m["kind"] == "email"]
    world.mail_method = method
    world.steps(world.ann, [(0, [method])])
    world.source = world.integration(world.policy([world.ann], repeat=1))
    return world


def mails(world):
    return [mail for mail in world.relay.mails if world.address in mail.recipients]


def part(mail, kind):
    body = mail.parsed.get_body(preferencelist=(kind,))
    return body.get_content() if body else None


def test_it_is_text_and_html(mailed):
    mailed.fire("key", title="Disk full on db1 <b>", description="no & bytes left", priority="p1", labels={"host": "db1"})
    (mail,) = mails(mailed)
    text, html = part(mail, "plain"), part(mail, "html")
    assert "Disk full on db1 <b>" in mail.parsed["Subject"]
    assert "Disk full on db1 <b>" in text and "no & bytes left" in text
    assert "&lt;b&gt;" in html and "<b>" not in html.replace("<b>Disk", "")
    for body in (text, html):
        assert "https://tocsin.example.org/ack/" in body
        assert "db1" in body
        assert "UTC" in body or "Z" in body


def test_the_senders_are_as_configured(mailed):
    mailed.fire("key")
    (mail,) = mails(mailed)
    assert mail.sender == "tocsin@example.org"
    assert "tocsin@example.org" in mail.parsed["From"]
    assert mailed.address in mail.parsed["To"]
    assert mail.parsed["Date"] and mail.parsed["Message-ID"]


def test_mails_about_one_subject_are_a_thread(mailed):
    mailed.fire("key")
    mailed.server.turn("5m")
    mailed.fire("other")
    first, second, other = mails(mailed)[:3] if "other" in mails(mailed)[2].parsed["Subject"] else mails(mailed)[:3]
    ids = {mail.parsed["Message-ID"] for mail in (first, second, other)}
    assert len(ids) == 3
    thread = lambda mail: (mail.parsed["References"] or mail.parsed["In-Reply-To"] or mail.parsed["Message-ID"]).split()[0]  # noqa: E731
    assert thread(first) == thread(second) != thread(other)


def test_its_link_acknowledges(mailed):
    mailed.fire("key")
    link = find_link(part(mails(mailed)[0], "plain"))
    assert find_link(part(mails(mailed)[0], "html")) == link
    mailed.server.http("POST", link, "action=acknowledge", {"Content-Type": "application/x-www-form-urlencoded"})
    mailed.server.settle()
    assert mailed.alert("key")["status"] == "acknowledged"
    assert mailed.alert("key")["acknowledged_by"]["id"] == mailed.ann["id"]


@pytest.mark.parametrize("text", ["Naïve – Überlauf ☃", "line\r\nBcc: evil@example.org", "x" * 900, "=?utf-8?q?x?=", ".", "日本語" * 60])
def test_a_title_cannot_break_the_mail(mailed, text):
    mailed.fire("key", title=text)
    (mail,) = mails(mailed)
    assert mail.recipients == [mailed.address]
    assert mail.parsed["Bcc"] is None
    clean = " ".join(text.split())
    assert clean[:60] in " ".join(mail.parsed["Subject"].split())
    assert all(len(line) <= 998 for line in mail.data.split(b"\r\n"))


def test_a_busy_relay_is_tried_again(mailed):
    mailed.relay.answer("RCPT", "450 4.2.0 greylisted", times=1)
    mailed.fire("key")
    for _ in range(3):
        mailed.server.turn("5s")
    assert len(mails(mailed)) == 1
    (notification,) = mailed.notifications(mailed.page(mailed.alert("key")))
    assert notification["status"] in ("sent", "delivered") and notification["attempts"] == 2


def test_an_address_that_is_refused_takes_the_next_method(mailed):
    hook = mailed.method(mailed.ann, "webhook", mailed.sink.url + mailed.path("hook"))
    mailed.steps(mailed.ann, [(0, [mailed.mail_method]), (600, [hook])])
    mailed.relay.answer("RCPT", "550 5.1.1 no such user", times=1)
    mailed.fire("key")
    assert mailed.told("hook") == 1
    first = mailed.notifications(mailed.page(mailed.alert("key")))[0]
    assert first["status"] == "failed" and "550" in first["error"]


def test_a_relay_that_wants_a_password(fresh, tmp_path):
    from smtp_sink import SmtpSink

    (tmp_path / "password").write_text("pass word\n")
    with SmtpSink(login=("user", "pass word")) as relay:
        server = fresh(smtp=relay.url, extra=["--smtp-password-file", str(tmp_path / "password")])
        made = server.make("integrations", name="S", template="generic", key="password-key-0123456789")
        server.send(made["key"], {"title": "With login", "dedup_key": "x"})
        (mail,) = relay.wait(1)
        assert (mail.user, mail.password) == ("user", "pass word")


def test_a_mail_that_was_owed_over_a_restart_links_to_where_the_server_listens_now(fresh):
    """What is due goes out as soon as the engine turns: the address must be known by then."""
    with SmtpSink() as relay:
        server = fresh(smtp=relay.url, public_url=None)
        made = server.make("integrations", name="Owed", template="generic", key="owed-key-0123456789")
        assert server.control("fault send.before_provider 1 kill") == "ok"
        server.try_send(made["key"], {"title": "Owed", "priority": "p1", "dedup_key": "owed"})
        server.died()
        server.start()
        text = part(relay.wait(1)[0], "plain")
        assert f"http://127.0.0.1:{server.port}{find_link(text)}" in text
