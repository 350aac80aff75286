"""People put a timeline right: a mark, a text, a time. What stood there before is kept, with who and why."""

import pytest


@pytest.fixture
def incident(world):
    made = world.server.make("incidents", title=f"Checkout fails {world.name}", severity=2)
    world.server.verb("incidents", made["id"], "status-updates", text="The cashe is cold")
    return made


def entries(world, incident):
    return world.server.items(f"incidents/{incident['id']}/timeline")


def said(world, incident):
    return next(e for e in entries(world, incident) if e["kind"] == "status_update")


def post(world, entry, verb, **body):
    return world.server.try_api("POST", f"timeline/{entry['id']}/{verb}", body)


def test_a_mark_comes_and_goes_and_is_filtered_by(world, incident):
    entry = said(world, incident)
    assert post(world, entry, "unpin").json["key_event"] is False
    assert post(world, entry, "pin").json["key_event"] is True
    assert post(world, entry, "pin").json["key_event"] is True
    marked = world.server.items("timeline", subject_id=incident["id"], key_event="true")
    assert entry["id"] in [e["id"] for e in marked]
    assert post(world, entry, "unpin").json["key_event"] is False
    history = world.server.get(f"timeline/{entry['id']}/history")["items"]
    assert [version["key_event"] for version in history] == [True, False, True]
    assert history[0]["actor"]["name"]


def test_a_text_and_a_time_are_put_right_and_the_old_ones_kept(world, incident):
    entry = said(world, incident)
    early = "2026-01-05T09:00:00Z"
    fixed = post(world, entry, "correct", text="The cache is cold", at=early, reason="spelling, and it was earlier")
    assert fixed.status == 200, fixed
    assert fixed.json["data"]["text"] == "The cache is cold" and fixed.json["at"].startswith("2026-01-05T09:00:00")
    assert fixed.json["edited_at"]
    (version,) = world.server.get(f"timeline/{entry['id']}/history")["items"]
    assert version["data"]["text"] == "The cashe is cold" and version["reason"] == "spelling, and it was earlier"
    assert version["at"] == entry["at"]
    assert world.server.items("audit", object_id=entry["id"])


@pytest.mark.parametrize("body, status, word", [
    ({"text": "x"}, 400, "reason"),
    ({"at": "2099-01-01T00:00:00Z", "reason": "r"}, 422, "later than now"),
    ({"at": "soon", "reason": "r"}, 400, "at"),
])
def test_what_cannot_be_is_said(world, incident, body, status, word):
    refused = post(world, said(world, incident), "correct", **body)
    assert refused.status == status and word in refused.text


def test_an_entry_of_a_machine_has_no_text_but_a_time(world, incident):
    declared = next(e for e in entries(world, incident) if e["kind"] == "declared")
    refused = post(world, declared, "correct", text="Something else", reason="r")
    assert refused.status == 422 and "its time can be put right" in refused.text
    assert post(world, declared, "correct", at="2026-01-05T09:00:00Z", reason="it began earlier").status == 200


def test_viewers_only_look(world, incident):
    viewer = world.server.make("users", name=f"V {world.name}", email=f"v.{world.name}@example.org", role="viewer")
    key = world.server.make("api-keys", name="v" + world.name, user_id=viewer["id"])["key"]
    entry = said(world, incident)
    for verb, body in (("pin", {}), ("correct", {"text": "No", "reason": "r"})):
        assert world.server.try_api("POST", f"timeline/{entry['id']}/{verb}", body, key=key).status == 403
    assert world.server.try_api("GET", f"timeline/{entry['id']}/history", key=key).status == 200


def test_entries_of_a_hidden_incident_are_hidden(world):
    secret = world.server.make("incidents", title="Secret", severity=2, private=True)
    entry = world.server.items(f"incidents/{secret['id']}/timeline")[0]
    other = world.server.make("users", name=f"O {world.name}", email=f"o.{world.name}@example.org", role="responder")
    key = world.server.make("api-keys", name="o" + world.name, user_id=other["id"])["key"]
    for verb in ("pin", "unpin"):
        assert world.server.try_api("POST", f"timeline/{entry['id']}/{verb}", {}, key=key).status == 404
    assert world.server.try_api("GET", f"timeline/{entry['id']}/history", key=key).status == 404
