"""The people and the story of an incident: roles, joining, edits, merging, relations. Every change is an entry of its own kind."""

import pytest


@pytest.fixture
def team(world):
    world.usual()
    world.incident = world.server.make("incidents", title="Checkout is down", severity=2)
    return world


def see(world, incident=None):
    return world.server.get(f"incidents/{(incident or world.incident)['id']}")


def story(world, kind, incident=None):
    return [e for e in world.server.items("timeline", subject_id=(incident or world.incident)["id"]) if e["kind"] == kind]


def edit(world, **fields):
    return world.server.change("incidents", world.incident["id"], **fields)


# Roles.


def test_a_new_commander_is_told_from_whom_to_whom(team):
    edit(team, commander_id=team.ann["email"])
    edit(team, commander_id=team.bob["id"])
    first, second = (entry["data"] for entry in story(team, "role"))
    assert (first["role"], first["from"], first["to"]["name"]) == ("commander", None, team.ann["name"])
    assert (second["from"]["id"], second["to"]["id"]) == (team.ann["id"], team.bob["id"])
    entry = story(team, "role")[-1]
    assert entry["actor"]["kind"] in ("user", "key") and entry["at"] and entry["key_event"]


def test_further_roles_are_held_by_one_or_several(team):
    after = edit(team, roles={"scribe": team.ann["email"], "communications": [team.ann["id"], team.bob["id"]]})
    assert after["roles"] == {"scribe": team.ann["id"], "communications": [team.ann["id"], team.bob["id"]]}
    edit(team, roles={"scribe": team.bob["id"]})
    edit(team, roles={"scribe": None})
    said = [(e["data"]["role"], e["data"]["from"] and e["data"]["from"]["name"], e["data"]["to"] and e["data"]["to"]["name"])
            for e in story(team, "role") if e["data"]["role"] == "scribe"]
    ann, bob = team.ann["name"], team.bob["name"]
    assert said == [("scribe", None, ann), ("scribe", ann, bob), ("scribe", bob, None)]
    assert see(team)["roles"] == {"communications": [team.ann["id"], team.bob["id"]]}


@pytest.mark.parametrize("roles", [{"scribe": "nobody@example.org"}, {"commander": "ann"}, {"scribe": 7}, {"scribe": {"id": "x"}}])
def test_a_wrong_role_is_named(team, roles):
    answer = team.server.try_api("PATCH", f"incidents/{team.incident['id']}", {"roles": roles})
    assert answer.status in (400, 422), answer
    (name,) = roles
    assert [e["pointer"] for e in answer.json["errors"]] == [f"/roles/{name}"]


def test_roles_may_be_given_when_it_is_declared(team):
    made = team.server.make("incidents", title="t", commander_id=team.ann["id"], roles={"scribe": team.bob["email"]})
    assert (made["commander_id"], made["roles"]) == (team.ann["id"], {"scribe": team.bob["id"]})
    assert [(e["data"]["role"], e["data"]["to"]["id"]) for e in story(team, "role", made)] == [("commander", team.ann["id"]), ("scribe", team.bob["id"])]


# Edits.


def test_every_change_is_an_entry_of_its_kind(team):
    service = team.server.make("services", name=f"Cart {team.name}", tier="tier1")
    edit(team, title="Checkout fails", summary="A third of orders", severity=1, service_ids=[service["id"]], impact_started_at="2026-01-01T00:00:00Z")
    kinds = {"title": ("Checkout is down", "Checkout fails"), "summary": (None, "A third of orders"), "severity": (2, 1), "services": ([], [service["id"]])}
    for kind, (before, after) in kinds.items():
        (entry,) = story(team, kind)
        assert (entry["data"]["from"], entry["data"]["to"]) == (before, after), kind
    (times,) = story(team, "times")
    assert times["data"]["field"] == "impact_started_at" and times["data"]["to"].startswith("2026-01-01T00:00:00")


def test_an_edit_that_changes_nothing_tells_nothing(team):
    before = len(team.server.items("timeline", subject_id=team.incident["id"]))
    edit(team, title=team.incident["title"], severity=team.incident["severity"])
    assert len(team.server.items("timeline", subject_id=team.incident["id"])) == before


def test_times_given_at_the_declaration_are_kept(team):
    made = team.server.make("incidents", title="t", impact_started_at="2026-01-01T00:00:00Z", detected_at="2026-01-01T00:05:00Z")
    assert made["impact_started_at"].startswith("2026-01-01T00:00:00") and made["detected_at"].startswith("2026-01-01T00:05:00")


def test_of_an_alert_they_are_the_alerts(team):
    team.rule(team.source, "true", {"type": "create_incident"})
    team.fire("key", starts_at="2026-01-01T00:00:00Z")
    incident = team.incident = team.incident and team.server.get(f"incidents/{team.alert('key')['incident_id']}")
    assert incident["impact_started_at"].startswith("2026-01-01T00:00:00")
    assert incident["detected_at"] == team.alert("key")["first_seen_at"]
    assert incident["alert_count"] == 1


def test_declared_with_a_policy_it_pages(team):
    made = team.server.make("incidents", title="All is down", severity=1, policy_id=team.chain["id"])
    team.server.settle()
    (page,) = team.server.items("pages", incident_id=made["id"])
    assert page["status"] == "active" and team.told("ann") == 1


def test_declared_without_one_it_pages_nobody(team):
    assert team.server.items("pages", incident_id=team.incident["id"]) == []


def test_a_running_page_takes_the_new_title(team):
    made = team.server.make("incidents", title="Old", policy_id=team.chain["id"])
    team.server.change("incidents", made["id"], title="New")
    (page,) = team.server.items("pages", incident_id=made["id"])
    assert page["title"].endswith("New") if "title" in page else True


def test_back_to_work_after_it_was_resolved_is_a_reopening(team):
    for status in ("investigating", "fixing"):
        edit(team, status=status)
    team.server.verb("incidents", team.incident["id"], "resolve")
    after = edit(team, status="fixing")
    assert after["status"] == "fixing" and after["resolved_at"] is None and after["episode"] == 2
    assert len(story(team, "reopened")) == 1


# Joining.


def test_join_and_leave(team):
    for _ in range(2):
        team.server.verb("incidents", team.incident["id"], "join", user_id=team.ann["email"])
    people = team.server.items(f"incidents/{team.incident['id']}/people")
    assert [(p["user_id"], p["name"]) for p in people] == [(team.ann["id"], team.ann["name"])]
    assert [e["data"]["user"]["id"] for e in story(team, "joined")] == [team.ann["id"]]
    for _ in range(2):
        team.server.verb("incidents", team.incident["id"], "leave", user_id=team.ann["id"])
    assert team.server.items(f"incidents/{team.incident['id']}/people") == []
    assert len(story(team, "left")) == 1


def test_oneself_needs_no_name(team):
    team.server.verb("incidents", team.incident["id"], "join")
    assert len(team.server.items(f"incidents/{team.incident['id']}/people")) == 1


@pytest.mark.parametrize("role", ["commander", "scribe"])
def test_who_holds_a_role_does_not_leave(team, role):
    edit(team, **({"commander_id": team.ann["id"]} if role == "commander" else {"roles": {"scribe": [team.ann["id"]]}}))
    team.server.verb("incidents", team.incident["id"], "join", user_id=team.ann["id"])
    answer = team.server.try_api("POST", f"incidents/{team.incident['id']}/leave", {"user_id": team.ann["id"]})
    assert answer.status == 409 and role in answer.text and team.ann["name"] in answer.text


# Merging.


@pytest.fixture
def two(world):
    """Two incidents by a rule, one per group, each with an alert and a page."""
    world.usual()
    world.rule(world.source, "true", {"type": "create_incident", "group_by": ["labels.g"], "severity": 2})
    for group in ("a", "b"):
        world.fire(group, labels={"g": group})
    world.a, world.b = (world.incident(world.alert(group)) for group in ("a", "b"))
    return world


def merge(world, one, into):
    answer = world.server.verb("incidents", one["id"], "merge", into=into["number"] if isinstance(into["number"], str) else f"INC-{into['number']}")
    world.server.settle()
    return answer


def test_merging_moves_alerts_and_closes(two):
    answer = merge(two, two.b, two.a)
    assert answer["id"] == two.a["id"] and (answer["alert_count"], answer["open_alert_count"]) == (2, 2)
    assert {a["dedup_key"] for a in two.server.items(f"incidents/{two.a['id']}/alerts")} == {"a", "b"}
    gone = see(two, two.b)
    assert (gone["status"], gone["alert_count"]) == ("closed", 0)
    (merged,) = story(two, "merged", two.b)
    assert merged["data"]["into"]["id"] == two.a["id"] and merged["data"]["alerts"] == 1
    (taken,) = story(two, "merged_from", two.a)
    assert taken["data"]["from"]["id"] == two.b["id"]
    (relation,) = two.server.items(f"incidents/{two.a['id']}/relations")
    assert (relation["kind"], relation["from_id"], relation["to_id"]) == ("duplicates", two.b["id"], two.a["id"])
    (page,) = two.server.items("pages", incident_id=two.b["id"])
    assert (page["status"], page["reason"]) == ("cancelled", "merged")
    assert [p["status"] for p in two.server.items("pages", incident_id=two.a["id"])] == ["active"]


def test_later_alerts_of_its_group_go_to_the_other(two):
    merge(two, two.b, two.a)
    two.fire("b2", labels={"g": "b"})
    assert two.alert("b2")["incident_id"] == two.a["id"]


def test_its_alerts_count_for_the_other_from_then_on(two):
    merge(two, two.b, two.a)
    two.resolve("b")
    assert see(two, two.a)["open_alert_count"] == 1
    two.resolve("a")
    assert see(two, two.a)["open_alert_count"] == 0
    assert len(story(two, "last_alert_resolved", two.a)) == 1


def test_a_page_is_not_lost_when_nobody_has_the_other(two):
    quiet = two.server.make("incidents", title="Declared by hand", severity=2)
    told = two.told("ann")
    merge(two, two.b, quiet)
    (page,) = two.server.items("pages", incident_id=quiet["id"])
    assert page["status"] == "active" and two.told("ann") == told + 1


def test_who_has_the_other_is_not_paged_again(two):
    two.server.verb("incidents", two.a["id"], "acknowledge")
    two.server.settle()
    told = two.told("ann")
    merge(two, two.b, two.a)
    assert two.told("ann") == told


def test_unless_it_is_worse(two):
    two.server.verb("incidents", two.a["id"], "acknowledge")
    two.server.change("incidents", two.b["id"], severity=0)
    two.server.settle()
    told = two.told("ann")
    merge(two, two.b, two.a)
    assert see(two, two.a)["severity"] == 0 and two.told("ann") == told + 1


def test_merging_that_makes_no_sense_is_refused(two):
    path = f"incidents/{two.a['id']}/merge"
    assert "itself" in two.server.try_api("POST", path, {"into": two.a["id"]}).text
    assert two.server.try_api("POST", path, {"into": "INC-999999"}).status in (400, 404, 422)
    assert two.server.try_api("POST", path, {}).status in (400, 422)
    two.server.verb("incidents", two.b["id"], "close")
    answer = two.server.try_api("POST", path, {"into": two.b["id"]})
    assert answer.status == 409 and "reopen" in answer.text


# Relations and status updates.


def test_relations_are_made_by_people(two):
    two.server.verb("incidents", two.a["id"], "relations", kind="causes", to_id=two.b["id"])
    two.server.verb("incidents", two.a["id"], "relations", kind="causes", to_id=two.b["id"])
    for end in (two.a, two.b):
        (relation,) = two.server.items(f"incidents/{end['id']}/relations")
        assert (relation["kind"], relation["from_id"], relation["to_id"]) == ("causes", two.a["id"], two.b["id"])
    assert story(two, "related", two.a)[0]["data"] == {"kind": "causes", "to_id": two.b["id"]}


@pytest.mark.parametrize("body", [{"kind": "likes", "to_id": "INC-1"}, {"kind": "causes", "to_id": "x"}, {"kind": "causes"}])
def test_a_wrong_relation_is_refused(two, body):
    assert two.server.try_api("POST", f"incidents/{two.a['id']}/relations", body).status in (400, 404, 422)


def test_a_status_update_says_and_moves(team):
    team.server.verb("incidents", team.incident["id"], "status-updates", text="The cause is known", status="fixing")
    assert see(team)["status"] == "fixing"
    (entry,) = story(team, "status_update")
    assert entry["data"]["text"] == "The cause is known" and entry["key_event"]
    assert story(team, "status")[-1]["data"] == {"from": "new", "to": "fixing"}


@pytest.mark.parametrize("verb", ["acknowledge", "close", "reopen"])
def test_a_reason_is_kept(team, verb):
    if verb == "reopen":
        team.server.verb("incidents", team.incident["id"], "close")
    team.server.verb("incidents", team.incident["id"], verb, reason="Because")
    assert [e["data"]["text"] for e in story(team, "note")] == ["Because"]
