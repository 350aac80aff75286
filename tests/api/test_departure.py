"""People who leave: what they hold is handed over or said, never silently dropped."""

import pytest

from test_permissions import Person
from tocsin import run
from world import ack_url

WEEK = {"name": "Week", "mode": "replace", "starts_at": "2026-01-05T09:00:00", "turn": {"every": 1, "unit": "week"}}


@pytest.fixture
def scene(world):
    """Ann holds one of everything; Bob may take over."""
    server = world.server
    ann, bob, cleo = world.user("ann"), world.user("bob"), world.user("cleo")
    alone = {"targets": [{"kind": "user", "id": ann["id"]}], "wait_s": 300}
    both = {"targets": [{"kind": "user", "id": ann["id"]}, {"kind": "user", "id": cleo["id"]}], "wait_s": 300}
    made = {
        "team": server.make("teams", name=f"Team {world.name}", members=[{"user_id": ann["id"], "role": "owner"}, {"user_id": cleo["id"], "role": "responder"}]),
        "schedule": server.make("schedules", name=f"Rota {world.name}", time_zone="UTC", layers=[{**WEEK, "members": [[ann["id"]], [cleo["id"], ann["id"]]]}]),
        "policy": server.make("escalation-policies", name=f"Chain {world.name}", levels=[alone, both], exhausted=[{"kind": "user", "id": ann["id"]}]),
        "incident": server.make("incidents", title=f"Fire {world.name}", severity=3, commander_id=ann["id"]),
    }
    made["override"] = server.make("overrides", schedule_id=made["schedule"]["id"], user_id=ann["id"], kind="add",
                                   starts_at="2029-01-01T00:00:00Z", ends_at="2099-01-02T00:00:00Z")
    made["key"] = server.make("api-keys", name="ann's", user_id=ann["id"])
    world.source = world.integration(made["policy"])
    return {"world": world, "server": server, "ann": ann, "bob": bob, "cleo": cleo, **made}


def ids(value):
    return str(value)


def test_the_preview_tells_all_and_changes_nothing(scene):
    server, ann = scene["server"], scene["ann"]
    seen = server.get(f"users/{ann['id']}/departure")
    assert {b["kind"] for b in seen["blockers"]} == {"team", "schedule", "escalation_policy", "incident", "schedule_override"}
    kinds = {c["kind"] for c in seen["changes"]}
    assert kinds >= {"team", "schedule", "escalation_policy", "incident", "schedule_override", "contact_method", "notification_rule", "api_key"}
    assert "level 1" in str(seen["blockers"]) and "Week" in str(seen["blockers"])
    taken = server.get(f"users/{ann['id']}/departure", replacement_id=scene["bob"]["email"])
    assert taken["blockers"] == [] and taken["replacement_id"] == scene["bob"]["id"]
    assert server.get(f"users/{ann['id']}")["status"] == "active"
    assert ann["id"] in ids(server.get(f"schedules/{scene['schedule']['id']}"))


def test_nobody_is_dropped_silently(scene):
    server, ann = scene["server"], scene["ann"]
    answer = server.try_api("POST", f"users/{ann['id']}/deactivate", {})
    assert answer.status == 409 and len(answer.json["errors"]) == 5, answer
    assert all(e["pointer"] == "/replacement_id" for e in answer.json["errors"])
    assert server.try_api("PATCH", f"users/{ann['id']}", {"status": "deactivated"}).status == 409
    assert server.try_api("DELETE", f"users/{ann['id']}").status == 409
    assert server.get(f"users/{ann['id']}")["status"] == "active"
    assert ann["id"] in ids(server.get(f"escalation-policies/{scene['policy']['id']}"))


def test_everything_is_handed_over(scene):
    server, ann, bob, cleo = (scene[name] for name in ("server", "ann", "bob", "cleo"))
    left = server.verb("users", ann["id"], "deactivate", replacement_id=bob["id"])
    assert left["status"] == "deactivated" and left["name"] == ann["name"]
    schedule = server.get(f"schedules/{scene['schedule']['id']}")
    assert schedule["layers"][0]["members"] == [[bob["id"]], [cleo["id"], bob["id"]]]
    policy = server.get(f"escalation-policies/{scene['policy']['id']}")
    assert [[t["id"] for t in level["targets"]] for level in policy["levels"]] == [[bob["id"]], [bob["id"], cleo["id"]]]
    assert policy["exhausted"][0]["id"] == bob["id"]
    team = server.get(f"teams/{scene['team']['id']}")
    assert {m["user_id"]: m["role"] for m in team["members"]} == {bob["id"]: "owner", cleo["id"]: "responder"}
    assert server.get(f"incidents/{scene['incident']['id']}")["commander_id"] == bob["id"]
    assert server.get(f"overrides/{scene['override']['id']}")["user_id"] == bob["id"]
    assert server.items("contact-methods", user_id=ann["id"]) == server.items("notification-rules", user_id=ann["id"]) == []
    assert server.try_api("GET", "teams", key=scene["key"]["key"]).status == 401
    assert ann["id"] not in ids(server.items("schedules")) + ids(server.items("escalation-policies")) + ids(server.items("teams"))
    audit = server.items("audit", object_id=scene["policy"]["id"])
    assert any(ann["id"] in ids(e["before"]) and bob["id"] in ids(e["after"]) for e in audit)
    assert [e["verb"] for e in server.items("audit", object_id=ann["id"])].count("deactivate") == 1


def test_the_next_page_goes_to_who_took_over(scene):
    world = scene["world"]
    scene["server"].verb("users", scene["ann"]["id"], "deactivate", replacement_id=scene["bob"]["id"])
    world.fire("after", priority="p1")
    assert world.tally("ann", "bob") == (0, 1)


def test_who_is_being_paged_is_not_waited_for(scene):
    world, server = scene["world"], scene["server"]
    world.fire("burning", priority="p1")
    assert world.tally("ann", "bob") == (1, 0)
    link = ack_url(world.calls("ann")[0])
    server.verb("users", scene["ann"]["id"], "deactivate", replacement_id=scene["bob"]["id"])
    server.settle()
    assert world.tally("ann", "bob") == (1, 1)  # at once, not when the level's wait ends
    assert server.http("POST", link, "action=acknowledge", {"Content-Type": "application/x-www-form-urlencoded"}).status in (403, 404, 410)
    assert world.alert("burning")["status"] == "triggered"


def test_a_page_that_runs_tells_the_replacement_at_the_levels_to_come(world):
    server = world.server
    ann, bob, cleo = world.user("ann"), world.user("bob"), world.user("cleo")
    world.source = world.integration(world.policy([ann], [bob], [bob, cleo], wait_s=600))
    world.fire("burning", priority="p1")
    assert world.tally("ann", "bob", "cleo") == (1, 0, 0)
    server.verb("users", bob["id"], "deactivate", replacement_id=cleo["id"])
    server.settle()
    assert world.tally("ann", "bob", "cleo") == (1, 0, 0), "their level is not due yet"
    server.turn("601s")
    assert world.tally("ann", "bob", "cleo") == (1, 0, 1)
    server.turn("601s")
    assert world.tally("ann", "bob", "cleo") == (1, 0, 2), "once, although both were named"


def test_without_a_replacement_the_next_level_is_paged_at_once(world):
    server = world.server
    ann, bob = world.user("ann"), world.user("bob")
    world.source = world.integration(world.policy([ann, bob], [bob], wait_s=3600))
    world.fire("burning", priority="p1")
    assert world.tally("ann", "bob") == (1, 1)
    server.verb("users", ann["id"], "deactivate")
    server.settle()
    assert world.tally("ann", "bob") == (1, 2)


def test_one_of_several_may_leave_without(world):
    server = world.server
    ann, bob = world.user("ann"), world.user("bob")
    policy = world.policy([ann, bob])
    schedule = server.make("schedules", name=f"Pair {world.name}", time_zone="UTC", layers=[{**WEEK, "members": [[ann["id"], bob["id"]]]}])
    server.verb("users", ann["id"], "deactivate")
    assert server.get(f"schedules/{schedule['id']}")["layers"][0]["members"] == [[bob["id"]]]
    assert [t["id"] for t in server.get(f"escalation-policies/{policy['id']}")["levels"][0]["targets"]] == [bob["id"]]


def test_who_is_on_call_now_is_said(scene):
    server, ann = scene["server"], scene["ann"]
    schedule = server.make("schedules", name=f"Always {scene['world'].name}", time_zone="UTC", layers=[{**WEEK, "members": [[ann["id"]]]}])
    assert schedule["id"] in server.get(f"users/{ann['id']}/departure")["on_call"]


def test_the_last_owner_stays(fresh):
    server = fresh()
    bob = server.make("users", name="Bob", email="bob@example.org", role="admin")
    answer = server.try_api("POST", "users/owner@example.org/deactivate", {"replacement_id": bob["id"]})
    assert answer.status == 409 and "last owner" in answer.json["detail"], answer


@pytest.mark.parametrize("replacement", ["self", "gone", "unknown"])
def test_a_replacement_must_be_able_to(scene, replacement):
    server, ann = scene["server"], scene["ann"]
    gone = server.make("users", name="Gone", email=f"gone.{scene['world'].name}@example.org")
    server.verb("users", gone["id"], "deactivate")
    word = {"self": ann["id"], "gone": gone["id"], "unknown": "nobody@example.org"}[replacement]
    assert server.try_api("POST", f"users/{ann['id']}/deactivate", {"replacement_id": word}).status in (400, 404)
    assert server.get(f"users/{ann['id']}")["status"] == "active"


def test_it_is_the_administrators_to_do_and_owners_to_owners(scene):
    server = scene["server"]
    responder, admin, owner = Person(server, "responder"), Person(server, "admin"), Person(server, "owner")
    for verb, method in (("deactivate", "POST"), ("departure", "GET")):
        assert responder.status(method, f"users/{scene['cleo']['id']}/{verb}", {} if method == "POST" else None) == 403
    assert admin.status("POST", f"users/{owner.id}/deactivate", {}) == 403
    assert admin.status("POST", f"users/{responder.id}/deactivate", {}) == 200
    assert responder.status("GET", "me") == 401


def test_twice_is_once(world):
    ann = world.user("ann")
    first, second = (world.server.verb("users", ann["id"], "deactivate") for _ in range(2))
    assert first["status"] == second["status"] == "deactivated" and first["version"] == second["version"]


def test_the_client_shows_it_and_does_it(scene):
    server, ann, bob = scene["server"], scene["ann"], scene["bob"]
    shown = run("user", "leave", ann["email"], "--dry-run", "--data", server.folder)
    assert shown.returncode == 0 and "level 1" in shown.stdout and "!" in shown.stdout and "--to" in shown.stdout, shown
    refused = run("user", "leave", ann["email"], "--data", server.folder)
    assert refused.returncode == 4 and "replacement_id" in refused.stderr and "level 1" in refused.stderr, refused
    done = run("user", "leave", ann["email"], "--to", bob["email"], "--data", server.folder)
    assert done.returncode == 0 and "has left" in done.stdout, done
    assert server.get(f"users/{ann['id']}")["status"] == "deactivated"


def test_many_leave_at_once_each_as_alone(scene):
    server, world = scene["server"], scene["world"]
    gone = [world.user(f"temp{n}") for n in range(2)]
    answer = server.api("POST", "users/deactivate", {"ids": [gone[0]["email"], scene["ann"]["id"], gone[1]["id"], "nobody@example.org"]})
    assert [item["status"] for item in answer["items"]] == [200, 409, 200, 404] and (answer["done"], answer["failed"]) == (2, 2)
    assert [server.get(f"users/{user['id']}")["status"] for user in (*gone, scene["ann"])] == ["deactivated", "deactivated", "active"]
    more = [world.user(f"more{n}") for n in range(2)]
    done = run("user", "leave", *[user["email"] for user in more], scene["ann"]["email"], "--to", scene["bob"]["email"], "--data", server.folder)
    assert done.returncode == 0 and done.stdout.count(" left") == 3, done
    assert ids(server.get(f"escalation-policies/{scene['policy']['id']}")).count(scene["bob"]["id"]) >= 2
    dry = run("user", "leave", scene["cleo"]["email"], scene["bob"]["email"], "--dry-run", "--data", server.folder)
    assert dry.returncode == 0 and f"{scene['cleo']['email']}:" in dry.stdout and server.get(f"users/{scene['cleo']['id']}")["status"] == "active"
    none = run("user", "leave", "--data", server.folder)
    assert none.returncode == 2 and "say who leaves" in none.stderr
