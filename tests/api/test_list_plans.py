"""How the database runs each list: everything that the document lets people sort or filter by, on both engines. A list of what
grows without end is a range of an index, never a walk over the table, and never sorted whole."""

import re

import pytest

from tocsin import ON_POSTGRES, Tocsin

GROWING = {"alerts": "alert", "alert-records": "alert_record", "requests": "inbox", "changes": "change", "incidents": "incident",
           "timeline": "timeline", "pages": "page", "notifications": "notification", "audit": "audit", "jobs": "bulk_job"}
ID = {"alerts": "alr", "incidents": "inc", "integrations": "int", "services": "svc", "users": "usr", "teams": "team", "pages": "pag"}


@pytest.fixture(scope="module")
def lists(tmp_path_factory):
    server = Tocsin(tmp_path_factory.mktemp("plans") / "data")
    server.init()
    server.start()
    server.make("services", name="Shop")
    server.make("teams", name="Shop")
    server.make("integrations", name="Shop", template="generic", key="plans-key-0123456789")
    server.send("plans-key-0123456789", {"alerts": [{"dedup_key": f"k{n}", "title": "x", "service": "Shop"} for n in range(30)]})
    server.make("incidents", title="One", severity=2)
    server.settle()
    yield server
    server.stop()


def parameters(server, plural):
    document = server.http("GET", "/api/openapi.json").json
    return {p["name"]: p for p in document["paths"]["/api/v1/" + plural]["get"]["parameters"]}


def plan(server, plural, query):
    answer = server.control(f"plan {plural} {query}")
    return None if answer.startswith("error") and "only among" in answer else answer


def walks(table, text):
    """The steps that look at every row of the table."""
    assert not text.startswith("error"), text
    steps = text.split("|")
    if ON_POSTGRES:
        whole = [s for s in steps if re.search(rf"Seq Scan on \"?{table}\"?\b", s)]
        for i, step in enumerate(steps):  # an index without a condition is read from end to end
            if re.search(rf"Index (Only )?Scan.* on \"?{table}\"?\b", step) and "Index Cond" not in "|".join(steps[i + 1:i + 3]):
                whole.append(step)
        return whole + [s for s in steps if re.search(rf"Bitmap Heap Scan on \"?{table}\"?\b", s) and "Index Cond" not in text]
    return [s for s in steps if re.match(rf"SCAN {table}\b", s)]


def sorts(text):
    return [s for s in text.split("|") if "TEMP B-TREE FOR ORDER BY" in s or re.match(r"\s*(-> +)?Sort\b(?! Key)", s)]


def value_for(server, parameter):
    schema = parameter["schema"].get("items", parameter["schema"])
    schema = (schema.get("anyOf") or [schema])[0]
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") == "boolean":
        return "true"
    if schema.get("type") == "integer":
        return "1"
    found = {"integration_id": "integrations", "service_id": "services", "team_id": "teams", "incident_id": "incidents", "alert_id": "alerts",
             "user_id": "users", "assignee_id": "users"}.get(parameter["name"])
    return server.items(found)[0]["id"] if found else None


@pytest.mark.parametrize("plural", sorted(GROWING))
def test_every_order_and_filter_is_served_by_an_index(lists, plural):
    table, known = GROWING[plural], parameters(lists, plural)
    orders = known["sort"]["schema"]["enum"]
    seen = 0
    for sort in orders:
        for more in ("", "&since=2026-01-01T00:00:00Z", "&until=2036-01-01T00:00:00Z"):
            text = plan(lists, plural, f"sort={sort}{more}")
            if text is None:  # refused, and told with what it goes
                open_only = "status=triggered" if plural == "alerts" else "status=new&status=fixing"
                text = plan(lists, plural, f"sort={sort}&{open_only}{more}")
            assert walks(table, text) == [], (sort, more, text)
            assert sorts(text) == [], (sort, more, text)
            seen += 1
    for name, parameter in known.items():
        if name in ("limit", "cursor", "sort", "since", "until", "filter", "fields", "total"):
            continue
        value = value_for(lists, parameter)
        if value is None:
            continue
        for sort in ("-id", "id"):
            text = plan(lists, plural, f"{name}={value}&sort={sort}")
            assert walks(table, text) == [], (name, text)
        text = plan(lists, plural, f'filter={name} == "{value}"' if value not in ("true", "1") else f"filter={name} == {value}")
        assert walks(table, text) == [], (name, text)
        seen += 1
    assert seen >= 2


def test_the_second_page_is_as_quick_as_the_first(lists):
    for sort in ("-id", "-status_changed_at", "-priority&status=triggered"):
        cursor = lists.get("alerts", **dict(p.split("=") for p in f"sort={sort}".split("&")), limit=10)["next_cursor"]
        text = plan(lists, "alerts", f"sort={sort}&cursor={cursor}")
        assert walks("alert", text) == [] and sorts(text) == [], (sort, text)


def test_an_order_that_only_the_open_have_says_so(lists):
    for path, words in (("alerts?sort=priority", "status=triggered&status=acknowledged"), ("incidents?sort=-severity", "status=new")):
        answer = lists.try_api("GET", path)
        assert answer.status == 400 and words in answer.json["detail"] and "sort by id" in answer.json["detail"], answer
    assert lists.get("alerts", sort="-priority", status=["triggered", "acknowledged"])["items"]
    assert lists.get("alerts", sort="priority", filter='status == "triggered"')["items"]
    assert lists.get("incidents", sort="severity", filter='status in ["new", "fixing"]')["items"]


def test_every_list_answers_with_every_order(lists):
    document = lists.http("GET", "/api/openapi.json").json
    for path, methods in document["paths"].items():
        known = {p["name"]: p for p in methods.get("get", {}).get("parameters", [])}
        if "{" in path or "sort" not in known:
            continue
        for sort in known["sort"]["schema"]["enum"]:
            answer = lists.try_api("GET", f"{path}?sort={sort}&limit=2&fields=id")
            assert answer.status == 200 or "only among" in answer.json["detail"], (path, sort, answer)
