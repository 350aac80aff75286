"""What the server keeps in memory of the configuration: each write changes only what it touched, and afterwards memory and rows are
the same. `picture` of the test control builds all anew and names the first difference; every server that a test stops is asked, too."""

import pytest

from test_resources import WEEK
from tocsin import Tocsin


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One of its own: rules that suppress all would reach the others' alerts."""
    made = Tocsin(tmp_path_factory.mktemp("picture") / "data")
    made.init()
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def lived(server):
    """A row of each kind, so that a patch has neighbours."""
    ann = server.make("users", name="Ann Picture", email="ann.picture@example.org", role="responder")
    team = server.make("teams", name="Picture team", members=[{"user_id": ann["id"], "role": "owner"}])
    server.make("services", name="Picture service", aliases=["picture-alias"], team_id=team["id"])
    server.make("integrations", name="Picture source", template="generic")
    server.make("alert-rules", name="Picture rule", when="true", actions=[{"type": "suppress"}])
    server.make("api-keys", name="picture", user_id=ann["id"], scopes=["*"])
    return ann, team


@pytest.fixture()
def same(server, lived):
    def check():
        assert server.control("picture") == "ok"

    check()
    return check


def remove(server, kind, row):
    server.api("DELETE", f"{kind}/{row['id']}")


def test_a_service_its_names_and_its_end(server, same, lived):
    made = server.make("services", name="Patched by row", aliases=["by-row", "PICTURE-ALIAS"], labels={"a": "1"})
    same()
    server.change("services", made["id"], name="Patched again", aliases=["by-another-row"], tier="tier1")
    same()
    remove(server, "services", made)
    same()


def test_schedules_policies_and_integrations(server, same, lived):
    ann, _ = lived
    schedule = server.make("schedules", name="Picture schedule", time_zone="Asia/Tokyo", layers=[{**WEEK, "members": [[ann["id"]]]}])
    policy = server.make("escalation-policies", name="Picture policy", levels=[{"targets": [{"kind": "schedule", "id": schedule["id"]}]}])
    source = server.make("integrations", name="Picture patched", template="generic", policy_id=policy["id"], secret="hush hush hush")
    same()
    server.change("schedules", schedule["id"], time_zone="Europe/Paris")
    server.change("escalation-policies", policy["id"], levels=[{"targets": [{"kind": "user", "id": ann["id"]}], "wait_s": 60}])
    server.change("integrations", source["id"], enabled=False, filter="payload.x == 1", default_priority="p2")
    same()
    for kind, row in (("integrations", source), ("escalation-policies", policy), ("schedules", schedule)):
        remove(server, kind, row)
        same()


def test_a_person_with_all_that_hangs_on_one(server, same, lived):
    _, team = lived
    bob = server.make("users", name="Bob Picture", email="bob.picture@example.org", role="owner", time_zone="Asia/Tokyo")
    same()
    mail = server.make("contact-methods", user_id=bob["id"], kind="email", address="bob.picture@example.org", label="work")
    hook = server.make("contact-methods", user_id=bob["id"], kind="webhook", address="https://example.org/bob", label="hook")
    (rule,) = [r for r in server.get("notification-rules", user_id=bob["id"])["items"] if r["urgency"] == "low"]  # made with the first
    server.change("notification-rules", rule["id"], steps=[{"contact_method_ids": [mail["id"]], "delay_s": 60}])
    key = server.make("api-keys", name="bob's", user_id=bob["id"], scopes=["*"])
    same()
    server.change("teams", team["id"], members=[{"user_id": bob["id"], "role": "owner"}])
    same()
    server.change("users", bob["id"], role="viewer")  # neither an owner of the organization nor what the key may do
    same()
    remove(server, "contact-methods", hook)
    same()
    remove(server, "notification-rules", rule)
    same()
    remove(server, "api-keys", key)
    same()
    server.change("teams", team["id"], members=[])
    same()


def test_a_role_that_people_made(server, same):
    role = server.make("roles", name="Picture role", permissions=[{"resource": "teams", "verb": "read"}])
    cat = server.make("users", name="Cat Picture", email="cat.picture@example.org", role_id=role["id"])
    server.make("api-keys", name="cat's", user_id=cat["id"], scopes=["*"])
    same()
    server.change("roles", role["id"], permissions=[{"resource": "services", "verb": "read"}])
    same()


def test_rules_stay_in_their_order(server, same, lived):
    _, team = lived
    made = [server.make("alert-rules", name=f"Order {i}", when=f"alert.title == '{i}'", actions=[{"type": "suppress"}]) for i in range(4)]
    of_team = server.make("alert-rules", name="Order of the team", team_id=team["id"], when="true", actions=[{"type": "suppress"}])
    same()
    server.change("alert-rules", made[3]["id"], position=1)
    same()
    server.change("alert-rules", made[1]["id"], enabled=False, team_id=team["id"])
    same()
    server.change("alert-rules", of_team["id"], position=99)
    remove(server, "alert-rules", made[0])
    same()


def test_more_writes_than_a_round_patches(server, same):
    """The 300th patch builds all anew, so that what was replaced is not kept for ever."""
    service = server.make("services", name="Written often")
    for number in range(300):
        server.change("services", service["id"], repository=f"https://example.org/{number}")
    same()


def test_what_the_picture_does_not_hold_changes_nothing(server, same):
    incident = server.make("incidents", title="Not in the picture", severity=3)
    server.change("incidents", incident["id"], title="Still not")
    same()
