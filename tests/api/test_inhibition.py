"""Inhibition, as tables: counted sources, nobody mutes itself, circles keep one loud, and nobody is forgotten."""

import pytest

from quiet_table import Story

# Every label has the world's name in it, so that the rules of one test do not meet the alerts of another.
TABLES = {
    "a source that is there first": """
         0:00 | inhibit r kind=W-node kind=W-pod equal=node |   |
         0:10 | fire n kind=W-node node=1; fire p kind=W-pod node=1; fire q kind=W-pod node=2 | n -, p inhibition, q - | ann 2
         4:00 | ack n; ack q                   | p inhibition       | ann 2
    """,
    "a source that comes later cancels the running page": """
         0:00 | inhibit r kind=W-node kind=W-pod equal=node; fire p kind=W-pod node=1 | p - | ann 1
         1:00 | fire n kind=W-node node=1      | p inhibition, n -  | ann 2
         1:10 | ack n                          |                    |
        12:00 |                                | p inhibition       | ann 2, bob 0
    """,
    "an acknowledged target is left alone": """
         0:00 | inhibit r kind=W-node kind=W-pod equal=node; fire p kind=W-pod node=1; ack p | p - | ann 1
         1:00 | fire n kind=W-node node=1      | p - [acknowledged] |
    """,
    "the target waits release_s after its source, then pages once": """
         0:00 | inhibit r kind=W-node kind=W-pod equal=node; fire n kind=W-node node=1; fire p kind=W-pod node=1 | p inhibition | ann 1
         1:00 | resolve n                      | p inhibition       |
         1:20 |                                | p inhibition       | ann 1
         1:31 |                                | p -                | ann 2
         6:32 |                                |                    | ann 2, bob 1
    """,
    "resolved within release_s it never pages": """
         0:00 | inhibit r kind=W-node kind=W-pod equal=node; fire n kind=W-node node=1; fire p kind=W-pod node=1 | p inhibition | ann 1
         1:00 | resolve n                      |                    |
         1:10 | resolve p                      | p - [resolved]     |
         9:00 |                                |                    | ann 1
    """,
    "a source that comes back within release_s": """
         0:00 | inhibit r kind=W-node kind=W-pod equal=node; fire n kind=W-node node=1; fire p kind=W-pod node=1; ack n | p inhibition | ann 1
         1:00 | close n                        |                    |
         1:10 | fire m kind=W-node node=1      | p inhibition       |
         3:00 | ack m                          | p inhibition       | ann 2
    """,
    "sources are counted": """
         0:00 | inhibit r kind=W-node kind=W-pod equal=node; fire n kind=W-node node=1; fire m kind=W-node node=1; fire p kind=W-pod node=1 | p inhibition | ann 2
         1:00 | resolve n; ack m               | p inhibition       |
         2:00 |                                | p inhibition       | ann 2
         3:00 | resolve m                      |                    |
         3:31 |                                | p -                | ann 3
    """,
    "an acknowledged or silenced source mutes, a dismissed one does not": """
         0:00 | inhibit r kind=W-node kind=W-pod equal=node; silence s kind=W-node 1h; fire n kind=W-node node=1; fire p kind=W-pod node=1 | n silence, p inhibition | ann 0
         1:00 | ack n                          | p inhibition       |
         2:00 | dismiss n                      |                    |
         2:31 |                                | p -                | ann 1
    """,
    "a suppressed source does not mute": """
         0:00 | inhibit r kind=W-node kind=W-pod equal=node; rule x "labels.kind == 'W-node'" suppress; fire n kind=W-node node=1; fire p kind=W-pod node=1 | n suppressed, p - | ann 1
    """,
    "nothing mutes itself, nor others that match both sides": """
         0:00 | inhibit r kind=~W-.* kind=~W-.* equal=node; fire a kind=W-x node=1; fire b kind=W-y node=1 | a -, b - | ann 2
    """,
    "what matches both sides is muted by what is a source only": """
         0:00 | inhibit r "kind=~W-.+" "kind=~W-[yz]" equal=node; fire b kind=W-y node=1 | b - | ann 1
         0:10 | fire a kind=W-x node=1; ack a  | a - [acknowledged], b inhibition | ann 2
    """,
    "labels that both lack are not equal": """
         0:00 | inhibit r kind=W-node kind=W-pod equal=node,zone; fire n kind=W-node node=1; fire p kind=W-pod node=1 | p - | ann 2
    """,
    "unless asked": """
         0:00 | inhibit r kind=W-node kind=W-pod equal=node,zone missing; fire n kind=W-node node=1; fire p kind=W-pod node=1 | p inhibition | ann 1
    """,
    "scope all": """
         0:00 | inhibit r kind=W-net kind=W-pod all; fire n kind=W-net; fire p kind=W-pod x=1 | p inhibition | ann 1
    """,
    "a chain leads to somebody loud": """
         0:00 | inhibit r kind=W-dc kind=W-node equal=dc; inhibit t kind=W-node kind=W-pod equal=dc |  |
         0:10 | fire p kind=W-pod dc=1; fire n kind=W-node dc=1; fire d kind=W-dc dc=1; ack d | p inhibition, n inhibition, d - | ann 3
         1:00 | resolve d                      |                    |
         1:32 |                                | n -, p inhibition  | ann 4
    """,
    "of a circle the most urgent stays loud": """
         0:00 | inhibit r kind=W-a kind=W-b equal=x; inhibit t kind=W-b kind=W-a equal=x |  |
         0:10 | fire a kind=W-a x=1 p3; fire b kind=W-b x=1 p1 | a inhibition, b - | ann 2
         1:00 | resolve b                      |                    |
         1:31 |                                | a -                | ann 3
    """,
    "of a circle of equals the oldest stays loud": """
         0:00 | inhibit r kind=W-a kind=W-b equal=x; inhibit t kind=W-b kind=W-a equal=x |  |
         0:10 | fire a kind=W-a x=1 p2; ack a; unack a | a -        |
         0:20 | fire b kind=W-b x=1 p2         | a -, b inhibition  |
    """,
    "a circle with somebody above it is quiet, and one is loud again when that is gone": """
         0:00 | inhibit r kind=W-a kind=W-b equal=x; inhibit t kind=W-b kind=W-a equal=x; inhibit u kind=W-top kind=W-a equal=x |  |
         0:10 | fire o kind=W-top x=1; ack o; fire a kind=W-a x=1 p3; fire b kind=W-b x=1 p1 | a inhibition, b inhibition | ann 1
         1:00 | resolve o                      |                    |
         1:33 |                                | a inhibition, b -  | ann 2
    """,
    "a target may wait for its source": """
         0:00 | inhibit r kind=W-node kind=W-pod equal=node wait=15; fire p kind=W-pod node=1 | p inhibition | ann 0
         0:10 | fire n kind=W-node node=1; ack n | p inhibition     | ann 1
         1:00 |                                | p inhibition       | ann 1
    """,
    "and pages when none comes": """
         0:00 | inhibit r kind=W-node kind=W-pod equal=node wait=15; fire p kind=W-pod node=1 | p inhibition | ann 0
         0:16 |                                | p -                | ann 1
    """,
    "a rule made later, and one that is deleted": """
         0:00 | fire n kind=W-node node=1; ack n; fire p kind=W-pod node=1 | p - | ann 2
         1:00 | inhibit r kind=W-node kind=W-pod equal=node | p inhibition |
         2:00 | delete r                       | p -                | ann 3
    """,
    "it is gone before a silence": """
         0:00 | inhibit r kind=W-node kind=W-pod equal=node; fire n kind=W-node node=1; ack n; silence s kind=W-pod 10m; fire p kind=W-pod node=1 | p inhibition+silence | ann 1
         1:00 | resolve n                      |                    |
         1:31 |                                | p silence          | ann 1
        10:02 |                                | p -                | ann 2
    """,
    "it outlasts a silence": """
         0:00 | inhibit r kind=W-node kind=W-pod equal=node; fire n kind=W-node node=1; ack n; silence s kind=W-pod 5m; fire p kind=W-pod node=1 | p inhibition+silence | ann 1
         5:02 |                                | p inhibition       | ann 1
         6:00 | resolve n                      |                    |
         6:31 |                                | p -                | ann 2
    """,
    "in both orders with a snooze": """
         0:00 | inhibit r kind=W-node kind=W-pod equal=node; fire p kind=W-pod node=1; snooze p 5m; fire n kind=W-node node=1; ack n | p inhibition+snooze | ann 2
         5:01 |                                | p inhibition       | ann 2
         6:00 | resolve n                      |                    |
         6:31 |                                | p -                | ann 3
         7:00 | fire m kind=W-node node=1; ack m | p inhibition     | ann 4
         7:10 | snooze p 10m; resolve m        |                    |
         8:00 |                                | p snooze           | ann 4
        17:11 |                                | p -                | ann 5
    """,
    "in both orders with a window": """
         0:00 | inhibit r kind=W-node kind=W-pod equal=node; fire n kind=W-node node=1; ack n; window m 5m kind=W-pod; fire p kind=W-pod node=1 | p inhibition+maintenance | ann 1
         5:01 |                                | p inhibition       | ann 1
         6:00 | window k 5m kind=W-pod; resolve n |                 |
         6:31 |                                | p maintenance      | ann 1
        11:01 |                                | p -                | ann 2
    """,
    "changed labels make another source": """
         0:00 | inhibit r kind=W-node kind=W-pod equal=node; fire n kind=W-node node=1; ack n; fire p kind=W-pod node=1 | p inhibition | ann 1
         1:00 | label n node=2                 | p inhibition       |
         1:31 |                                | p -                | ann 2
    """,
}


@pytest.mark.parametrize("name", TABLES)
def test_story(world, name):
    Story(world.usual()).play(TABLES[name].replace("W-", world.name + "-"))


def test_order_in_a_body_does_not_matter(world):
    world.usual(template="alertmanager")
    node, pod = f"{world.name}-node", f"{world.name}-pod"
    made = world.server.make("inhibition-rules", name=f"R {world.name}", source=[{"name": "kind", "value": node}],
                             target=[{"name": "kind", "value": pod}], equal=["node"])

    def element(kind):
        return {"status": "firing", "labels": {"alertname": kind, "kind": kind, "node": "1"}, "annotations": {}, "startsAt": "2026-01-05T09:00:00Z",
                "endsAt": "0001-01-01T00:00:00Z", "fingerprint": kind}
    world.server.send(world.source["key"], {"version": "4", "status": "firing", "alerts": [element(pod), element(node)]})
    held = {a["labels"]["kind"]: [h["reason"] for h in a["holds"]] for a in world.alerts()}
    assert held == {pod: ["inhibition"], node: []}
    assert world.told("ann") == 1
    world.server.api("DELETE", "inhibition-rules/" + made["id"])


def test_a_restart_changes_nothing(fresh, sink):
    from world import World
    server = fresh()
    world = World(server, sink).usual()
    story = Story(world)
    story.now()
    story.inhibit("r", "kind=node", "kind=pod", "equal=node")
    for line in ("0:01 | fire n kind=node node=1; ack n; fire p kind=pod node=1 | p inhibition | ann 1",
                 "0:02 | kill | p inhibition | ann 1", "0:10 | fire q kind=pod node=1 | q inhibition | ann 1", "0:20 | resolve n | |",
                 "0:51 | | p -, q - | ann 2"):
        story.line(line)


def refused(server, **fields):
    body = {"name": "x", "source": [{"name": "a", "value": "b"}], "target": [{"name": "c", "value": "d"}], "equal": ["x"], **fields}
    answer = server.try_api("POST", "inhibition-rules", body)
    assert answer.status == 400, answer
    return {error["pointer"]: error["message"] for error in answer.json["errors"]}


def test_refusals_say_the_way_out(server):
    assert 'scope "all"' in refused(server, equal=[])["/equal"]
    assert "leave out" in refused(server, scope="all")["/scope"]
    assert "everything" in refused(server, source=[{"name": "a", "op": "!=", "value": "b"}])["/source"]
    assert "everything" in refused(server, target=[{"name": "a", "op": "=~", "value": ".*"}])["/target"]
    assert "is not RE2" in refused(server, target=[{"name": "a", "op": "=~", "value": "("}])["/target/0/value"]
    assert "/source" in refused(server, source=[])


CONFIG = """
route: {receiver: x}
inhibit_rules:
  - source_matchers: [alertname="NodeDown", 'severity=~"critical|page"']
    target_matchers: ['{severity="warning"}']
    equal: [cluster, node]
  - source_match: {alertname: Net}
    target_match_re: {alertname: "Pod.*"}
"""


def test_rules_of_an_alertmanager_are_imported(world, tmp_path):
    import subprocess
    from tocsin import BINARY
    file = tmp_path / "alertmanager.yml"
    file.write_text(CONFIG)
    env = {"TOCSIN_URL": f"http://127.0.0.1:{world.server.port}", "TOCSIN_KEY": world.server.key, "PATH": "/usr/bin:/bin"}
    before = {row["id"] for row in world.server.items("inhibition-rules")}
    done = subprocess.run([BINARY, "inhibition", "import", file], capture_output=True, text=True, timeout=20, env=env)
    assert done.returncode == 0, done
    made = [row for row in world.server.items("inhibition-rules") if row["id"] not in before]
    first, second = sorted(made, key=lambda row: row["id"])
    assert first["source"] == [{"name": "alertname", "op": "=", "value": "NodeDown"}, {"name": "severity", "op": "=~", "value": "critical|page"}]
    assert first["target"] == [{"name": "severity", "op": "=", "value": "warning"}]
    assert first["equal"] == ["cluster", "node"] and first["missing_equal"] is True and first["scope"] == "equal"
    assert second["target"] == [{"name": "alertname", "op": "=~", "value": "Pod.*"}] and second["scope"] == "all"
    file.write_text(CONFIG.replace("[cluster, node]", "[node, cluster]") + "  - {source_match: {alertname: Net}, target_match: {a: b}, equal: [x]}\n" * 2)
    again = subprocess.run([BINARY, "inhibition", "import", file], capture_output=True, text=True, timeout=20, env=env)
    assert again.returncode == 0 and f"rule 1 is there already: {first['slug']}" in again.stdout and "made of rule 3" in again.stdout, again
    assert "rule 4 is there already" in again.stdout
    made = [row for row in world.server.items("inhibition-rules") if row["id"] not in before]
    assert len(made) == 3
    for row in made:
        world.server.api("DELETE", "inhibition-rules/" + row["id"])
    file.write_text("inhibit_rules: [{source_matchers: ['a'], target_matchers: [b=c]}]")
    done = subprocess.run([BINARY, "inhibition", "import", file], capture_output=True, text=True, timeout=20, env=env)
    assert done.returncode == 2 and "rule 1: source_matchers: a: the matcher ends" in done.stderr, done
