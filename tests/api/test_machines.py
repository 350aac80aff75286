"""Every cell of the state machines: each state with each event, as the tables of the source name them. A new state or event has no row
here and fails. The clock is turned, never waited for."""

import re

import pytest

from tocsin import CHECKOUT


def names(path, table):
    """The words of a table of names in the source."""
    text = (CHECKOUT / path).read_text()
    return re.findall(r'"(\w+)"', re.search(re.escape(table) + r"\s*=\s*\{(.*?)\}", text, re.S)[1])


def verbs(server, kind):
    """What POST can do to one of this kind, as the server's own document names it."""
    paths = server.http("GET", "/api/openapi.json").json["paths"]
    found = [re.fullmatch(rf"(?:/api/v1)?/{kind}/\{{\w+\}}/(\w+)", path) for path, methods in paths.items() if "post" in methods]
    return {match[1] for match in found if match}


def read(table):
    """Rows of a text table: (state, event) and the rest of the line; an empty state is the one above."""
    cells, state = {}, None
    for line in filter(None, table.strip().splitlines()):
        columns = [column.strip() for column in line.split("|")]
        state = columns[0] or state
        assert (state, columns[1]) not in cells, f"two rows for {state}, {columns[1]}"
        cells[state, columns[1]] = " ".join(columns[2].split())
    return cells


def compare(expected, seen):
    """Every cell at once, as lines that can be read beside the table."""
    lines = [f"{state} | {event} | {expected.get((state, event), 'no row')}  but was: {seen.get((state, event), 'not walked')}"
             for state, event in {**seen, **expected} if expected.get((state, event)) != seen.get((state, event))]
    assert not lines, "\n".join(lines)


# Alerts and their pages. What people and sources do to both, and time.

ALERT_STATUSES = names("src/core/alerts/alert_row.c", "STATUS_NAMES[ALERT_STATUS_COUNT]")
ALERT_VERBS = names("src/core/alerts/alert_verbs.c", "VERB_NAMES[ALERT_VERB_COUNT]")
PAGE_STATUSES = names("src/core/paging/page_row.c", "STATUS_NAMES[PAGE_STATUS_COUNT]")
SOURCE_STATUSES = re.findall(r'= "(\w+)"', (CHECKOUT / "src/catalog/event.c").read_text().split("};")[0])

# How an alert of priority p3 comes into the state, and what its page is then. "resolved long ago": its time for a reopening is over.
ALERT_STATES = {
    "none": ([], None),
    "triggered": (["source triggered"], "active"),
    "exhausted": (["source triggered", "+6m", "+6m"], "exhausted"),
    "acknowledged": (["source triggered", "acknowledge"], "acknowledged"),
    "dismissed": (["source triggered", "dismiss"], "cancelled"),
    "resolved": (["source triggered", "resolve"], "resolved"),
    "resolved long ago": (["source triggered", "resolve", "+31m"], "resolved"),
}

# The answer; the alert after it, its episode, its firing events; its newest page; "anew": another alert; who was told.
ALERTS = """
none              | source triggered    | 202 triggered e1 n1 page active told ann
                  | source acknowledged | 202 -
                  | source resolved     | 202 -
                  | source raises       | 202 triggered e1 n1 page active told ann
                  | acknowledge         | 404 -
                  | unacknowledge       | 404 -
                  | resolve             | 404 -
                  | dismiss             | 404 -
                  | reopen              | 404 -
                  | snooze              | 404 -
                  | escalate            | 404 -
                  | page acknowledge    | 404 -
                  | page escalate       | 404 -
                  | page extend         | 404 -
                  | time                | -

triggered         | source triggered    | 202 triggered e1 n2 page active
                  | source acknowledged | 202 acknowledged e1 n1 page acknowledged
                  | source resolved     | 202 resolved e1 n1 page resolved
                  | source raises       | 202 triggered e1 n2 page active told ann
                  | acknowledge         | 200 acknowledged e1 n1 page acknowledged
                  | unacknowledge       | 409 triggered e1 n1 page active
                  | resolve             | 200 resolved e1 n1 page resolved
                  | dismiss             | 200 dismissed e1 n1 page cancelled
                  | reopen              | 200 triggered e1 n1 page active
                  | snooze              | 200 triggered e1 n1 page cancelled
                  | escalate            | 200 triggered e1 n1 page active told bob
                  | page acknowledge    | 200 acknowledged e1 n1 page acknowledged
                  | page escalate       | 200 triggered e1 n1 page active told bob
                  | page extend         | 409 triggered e1 n1 page active
                  | time                | triggered e1 n1 page exhausted told bob

exhausted         | source triggered    | 202 triggered e1 n2 page exhausted
                  | source acknowledged | 202 acknowledged e1 n1 page acknowledged
                  | source resolved     | 202 resolved e1 n1 page resolved
                  | source raises       | 202 triggered e1 n2 page active told ann
                  | acknowledge         | 200 acknowledged e1 n1 page acknowledged
                  | unacknowledge       | 409 triggered e1 n1 page exhausted
                  | resolve             | 200 resolved e1 n1 page resolved
                  | dismiss             | 200 dismissed e1 n1 page cancelled
                  | reopen              | 200 triggered e1 n1 page exhausted
                  | snooze              | 200 triggered e1 n1 page cancelled
                  | escalate            | 409 triggered e1 n1 page exhausted
                  | page acknowledge    | 200 acknowledged e1 n1 page acknowledged
                  | page escalate       | 409 triggered e1 n1 page exhausted
                  | page extend         | 409 triggered e1 n1 page exhausted
                  | time                | triggered e1 n1 page exhausted

acknowledged      | source triggered    | 202 acknowledged e1 n2 page acknowledged
                  | source acknowledged | 202 acknowledged e1 n1 page acknowledged
                  | source resolved     | 202 resolved e1 n1 page acknowledged
                  | source raises       | 202 triggered e1 n2 page active told ann
                  | acknowledge         | 200 acknowledged e1 n1 page acknowledged
                  | unacknowledge       | 200 triggered e1 n1 page active told ann
                  | resolve             | 200 resolved e1 n1 page acknowledged
                  | dismiss             | 200 dismissed e1 n1 page acknowledged
                  | reopen              | 200 acknowledged e1 n1 page acknowledged
                  | snooze              | 200 acknowledged e1 n1 page acknowledged
                  | escalate            | 409 acknowledged e1 n1 page acknowledged
                  | page acknowledge    | 200 acknowledged e1 n1 page acknowledged
                  | page escalate       | 409 acknowledged e1 n1 page acknowledged
                  | page extend         | 200 acknowledged e1 n1 page acknowledged
                  | time                | triggered e1 n1 page active told ann

dismissed         | source triggered    | 202 dismissed e1 n2 page cancelled
                  | source acknowledged | 202 dismissed e1 n1 page cancelled
                  | source resolved     | 202 resolved e1 n1 page cancelled
                  | source raises       | 202 triggered e1 n2 page active told ann
                  | acknowledge         | 409 dismissed e1 n1 page cancelled
                  | unacknowledge       | 409 dismissed e1 n1 page cancelled
                  | resolve             | 200 resolved e1 n1 page cancelled
                  | dismiss             | 200 dismissed e1 n1 page cancelled
                  | reopen              | 200 triggered e2 n1 page active told ann
                  | snooze              | 409 dismissed e1 n1 page cancelled
                  | escalate            | 409 dismissed e1 n1 page cancelled
                  | page acknowledge    | 409 dismissed e1 n1 page cancelled
                  | page escalate       | 409 dismissed e1 n1 page cancelled
                  | page extend         | 409 dismissed e1 n1 page cancelled
                  | time                | dismissed e1 n1 page cancelled

resolved          | source triggered    | 202 triggered e2 n2 page active told ann
                  | source acknowledged | 202 resolved e1 n1 page resolved
                  | source resolved     | 202 resolved e1 n1 page resolved
                  | source raises       | 202 triggered e2 n2 page active told ann
                  | acknowledge         | 409 resolved e1 n1 page resolved
                  | unacknowledge       | 409 resolved e1 n1 page resolved
                  | resolve             | 200 resolved e1 n1 page resolved
                  | dismiss             | 409 resolved e1 n1 page resolved
                  | reopen              | 200 triggered e2 n1 page active told ann
                  | snooze              | 409 resolved e1 n1 page resolved
                  | escalate            | 409 resolved e1 n1 page resolved
                  | page acknowledge    | 409 resolved e1 n1 page resolved
                  | page escalate       | 409 resolved e1 n1 page resolved
                  | page extend         | 409 resolved e1 n1 page resolved
                  | time                | resolved e1 n1 page resolved

resolved long ago | source triggered    | 202 triggered e1 n1 page active anew told ann
                  | source acknowledged | 202 resolved e1 n1 page resolved
                  | source resolved     | 202 resolved e1 n1 page resolved
                  | source raises       | 202 triggered e1 n1 page active anew told ann
                  | acknowledge         | 409 resolved e1 n1 page resolved
                  | unacknowledge       | 409 resolved e1 n1 page resolved
                  | resolve             | 200 resolved e1 n1 page resolved
                  | dismiss             | 409 resolved e1 n1 page resolved
                  | reopen              | 200 triggered e2 n1 page active told ann
                  | snooze              | 409 resolved e1 n1 page resolved
                  | escalate            | 409 resolved e1 n1 page resolved
                  | page acknowledge    | 409 resolved e1 n1 page resolved
                  | page escalate       | 409 resolved e1 n1 page resolved
                  | page extend         | 409 resolved e1 n1 page resolved
                  | time                | resolved e1 n1 page resolved
"""


def alert_events(server):
    """All of them; "time" is last, because it passes for all alerts."""
    return [*(f"source {status}" for status in SOURCE_STATUSES), "source raises", *ALERT_VERBS,
            *(f"page {verb}" for verb in sorted(verbs(server, "pages"))), "time"]


def happen(world, key, event):
    """The status of the answer."""
    server, alert = world.server, world.alert(key)
    if event.startswith("source "):
        word = event.split()[1]
        more = {"priority": "p1"} if word == "raises" else {"priority": "p3", "status": word}
        answer = server.try_send(world.source["key"], {"dedup_key": key, "title": f"Problem {key}.", **more})
    elif event.startswith("page "):
        page = world.page(alert)["id"] if alert else "pag_" + "0" * 13
        answer = server.try_api("POST", f"pages/{page}/{event.split()[1]}", {})
    else:
        answer = server.try_api("POST", f"alerts/{alert['id'] if alert else 'ALERT-999999'}/{event}", {"for_s": 600} if event == "snooze" else {})
    return answer.status


@pytest.mark.parametrize("state", ALERT_STATES)
def test_alerts_and_their_pages(world, state):
    world.usual()
    world.server.change("escalation-policies", world.chain["id"], repeat=0, ack_timeout_s=600)
    expected = {cell: line for cell, line in read(ALERTS).items() if cell[0] == state}
    keys = {event: f"key {number}" for number, event in enumerate(alert_events(world.server))}
    steps, page = ALERT_STATES[state]
    for step in steps:
        if step.startswith("+"):
            world.server.turn(step[1:])
            continue
        for key in keys.values():
            assert happen(world, key, step) in (200, 202)
        world.server.settle()
    before = {event: (world.alerts(key), tellings(world, key)) for event, key in keys.items()}
    if page:
        assert {world.page(alerts[0])["status"] for alerts, _ in before.values()} == {page}
        assert {alerts[0]["status"] for alerts, _ in before.values()} == {{"exhausted": "triggered"}.get(state, state.split()[0])}
    answers = {event: happen(world, key, event) for event, key in keys.items() if event != "time"}
    world.server.settle()
    raised = {event for event, key in keys.items() if (alert := world.alert(key)) and alert["priority"] == "p1"}
    assert raised == {"source raises"}
    seen = {(state, event): f"{answer} {outcome(world, keys[event], *before[event])}" for event, answer in answers.items()}
    for _ in range(2):  # nobody answers at the first level, nor at the second; an acknowledgement ends
        world.server.turn("6m")
    seen[state, "time"] = outcome(world, keys["time"], *before["time"])
    compare(expected, seen)


def tellings(world, key):
    return [name for name in ("ann", "bob") for call in world.calls(name) if f"Problem {key}." in call.body.decode()]


def outcome(world, key, alerts, told):
    alert = world.alert(key)
    if not alert:
        return "-"
    page = world.page(alert)
    words = [alert["status"], f"e{alert['episode']} n{alert['count']}", f"page {page['status']}" if page else "no page"]
    now = world.alerts(key)
    words += ["anew"] * (len(now) - max(len(alerts), 1))
    for name in ("ann", "bob"):
        words += [f"told {name}"] * (tellings(world, key).count(name) - told.count(name))
    was = alerts[-1] if alerts else None
    if len(now) == 2:
        assert alert["previous_alert_id"] == was["id"]
    elif was and was["status"] == alert["status"] == "resolved":
        assert alert["resolved_at"] == was["resolved_at"]
    return " ".join(words)


def test_every_status_of_alerts_and_pages_is_begun_with():
    begun = {state.split()[0] for state in ALERT_STATES}
    assert set(ALERT_STATUSES) <= begun
    assert {page for _, page in ALERT_STATES.values() if page} == set(PAGE_STATUSES)


# Incidents.

INCIDENT_STATUSES = names("src/core/incidents/incidents.c", "STATUS_NAMES[INCIDENT_STATUS_COUNT]")
# Verbs that tell, join or page, and leave the status alone. Any other verb needs rows.
INCIDENT_STILL = {"join", "leave", "merge", "page", "relations"}
INCIDENT_STATES = {
    "new": [],
    "investigating": ["acknowledge"],
    "fixing": ["to fixing"],
    "monitoring": ["to monitoring"],
    "resolved": ["resolve"],
    "closed": ["resolve", "close"],
}
# The answer; the status after it, its episode; which of acknowledged_at, mitigated_at, resolved_at and closed_at are set.
INCIDENTS = """
new           | to new           | 200 new e1
              | to investigating | 200 investigating e1
              | to fixing        | 200 fixing e1
              | to monitoring    | 200 monitoring e1 mitigated
              | to closed        | 200 closed e1 resolved closed
              | acknowledge      | 200 investigating e1 acknowledged
              | close            | 200 closed e1 resolved closed
              | reopen           | 409 new e1
              | resolve          | 200 monitoring e1 mitigated resolved

investigating | to new           | 409 investigating e1 acknowledged
              | to investigating | 200 investigating e1 acknowledged
              | to fixing        | 200 fixing e1 acknowledged
              | to monitoring    | 200 monitoring e1 acknowledged mitigated
              | to closed        | 200 closed e1 acknowledged resolved closed
              | acknowledge      | 200 investigating e1 acknowledged
              | close            | 200 closed e1 acknowledged resolved closed
              | reopen           | 409 investigating e1 acknowledged
              | resolve          | 200 monitoring e1 acknowledged mitigated resolved

fixing        | to new           | 409 fixing e1
              | to investigating | 200 investigating e1
              | to fixing        | 200 fixing e1
              | to monitoring    | 200 monitoring e1 mitigated
              | to closed        | 200 closed e1 resolved closed
              | acknowledge      | 200 fixing e1 acknowledged
              | close            | 200 closed e1 resolved closed
              | reopen           | 409 fixing e1
              | resolve          | 200 monitoring e1 mitigated resolved

monitoring    | to new           | 409 monitoring e1 mitigated
              | to investigating | 200 investigating e1 mitigated
              | to fixing        | 200 fixing e1 mitigated
              | to monitoring    | 200 monitoring e1 mitigated
              | to closed        | 200 closed e1 mitigated resolved closed
              | acknowledge      | 200 monitoring e1 acknowledged mitigated
              | close            | 200 closed e1 mitigated resolved closed
              | reopen           | 409 monitoring e1 mitigated
              | resolve          | 200 monitoring e1 mitigated resolved

resolved      | to new           | 409 monitoring e1 mitigated resolved
              | to investigating | 200 investigating e2 mitigated
              | to fixing        | 200 fixing e2 mitigated
              | to monitoring    | 200 monitoring e1 mitigated resolved
              | to closed        | 200 closed e1 mitigated resolved closed
              | acknowledge      | 200 monitoring e1 acknowledged mitigated resolved
              | close            | 200 closed e1 mitigated resolved closed
              | reopen           | 200 investigating e2 mitigated
              | resolve          | 200 monitoring e1 mitigated resolved

closed        | to new           | 409 closed e1 mitigated resolved closed
              | to investigating | 200 investigating e2 mitigated
              | to fixing        | 409 closed e1 mitigated resolved closed
              | to monitoring    | 409 closed e1 mitigated resolved closed
              | to closed        | 200 closed e1 mitigated resolved closed
              | acknowledge      | 409 closed e1 mitigated resolved closed
              | close            | 200 closed e1 mitigated resolved closed
              | reopen           | 200 investigating e2 mitigated
              | resolve          | 200 closed e1 mitigated resolved closed
"""


def test_incidents(server):
    found = verbs(server, "incidents")
    events = [*(f"to {status}" for status in INCIDENT_STATUSES), *sorted(found - INCIDENT_STILL)]
    assert set(INCIDENT_STATUSES) <= set(INCIDENT_STATES) and found >= INCIDENT_STILL
    seen = {}
    for state, steps in INCIDENT_STATES.items():
        for event in events:
            incident = server.make("incidents", title=f"{state}, {event}", severity=4)
            for step in steps:
                assert move(server, incident, step) == 200
            answer = move(server, incident, event)
            after = server.get(f"incidents/{incident['id']}")
            times = [name for name in ("acknowledged", "mitigated", "resolved", "closed") if after[name + "_at"]]
            seen[state, event] = " ".join([str(answer), after["status"], f"e{after['episode']}", *times]).strip()
    compare(read(INCIDENTS), seen)


def move(server, incident, event):
    if event.startswith("to "):
        return server.try_api("PATCH", f"incidents/{incident['id']}", {"status": event[3:]}).status
    return server.try_api("POST", f"incidents/{incident['id']}/{event}", {}).status
