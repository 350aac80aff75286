"""Silences of Alertmanager's API, by the real amtool; and that amtool's own parser reads every matcher as ours does."""

import http.server
import json
import random
import shutil
import subprocess
import threading

import pytest

needs_amtool = pytest.mark.skipif(not shutil.which("amtool"), reason="amtool is not installed")


@pytest.fixture
def am(world):
    world.usual(template="alertmanager")
    return world


def call(world, method, path, body=None):
    answer = world.server.http(method, f"/am/{world.source['key']}/api/v2/{path}", json.dumps(body) if body is not None else None,
                               {"Content-Type": "application/json"})
    world.server.settle()
    return answer


def amtool(world, *words, check=True):
    url = f"http://127.0.0.1:{world.server.port}/am/{world.source['key']}"
    done = subprocess.run(["amtool", *words, f"--alertmanager.url={url}"], capture_output=True, text=True, timeout=20)
    assert not check or done.returncode == 0, done
    world.server.settle()
    return done


def fire(world, name, **labels):
    assert call(world, "POST", "alerts", [{"labels": {"alertname": name, **labels}}]).status == 200


def body(**fields):
    return {"matchers": [{"name": "team", "value": "db", "isRegex": False, "isEqual": True}], "startsAt": "2020-01-01T00:00:00Z",
            "endsAt": "2099-01-01T00:00:00Z", "createdBy": "carol", "comment": "why", **fields}


def alert_of(world, name):
    return [a for a in world.alerts() if a["labels"]["alertname"] == name][-1]


@needs_amtool
def test_amtool_adds_queries_and_expires(am):
    fire(am, "Disk", team="db")
    assert am.told("ann") == 1
    made = amtool(am, "silence", "add", "alertname=Disk", "team=~d.", "--comment", "moving", "--author", "carol", "--end", "2099-01-01T00:00:00Z").stdout.strip()
    assert made.startswith("sil_")
    assert [hold["id"] for hold in am.server.get("alerts/" + alert_of(am, "Disk")["id"])["holds"]] == [made]
    assert made in amtool(am, "silence", "query").stdout
    rows = json.loads(amtool(am, "silence", "query", "team=~d.", "-o", "json").stdout)
    assert [row["id"] for row in rows] == [made]
    assert rows[0]["createdBy"] == "carol" and rows[0]["comment"] == "moving" and rows[0]["status"]["state"] == "active"
    assert rows[0]["matchers"] == [{"name": "alertname", "value": "Disk", "isRegex": False, "isEqual": True},
                                   {"name": "team", "value": "d.", "isRegex": True, "isEqual": True}]
    assert json.loads(amtool(am, "silence", "query", "team=other", "-o", "json").stdout) == []
    assert made in amtool(am, "silence", "query", "-q").stdout
    shown = json.loads(amtool(am, "alert", "query", "--silenced", "-o", "json").stdout)
    assert [a["status"]["silencedBy"] for a in shown] == [[made]]
    amtool(am, "silence", "expire", made)
    now = call(am, "GET", "silence/" + made).json  # amtool looks at the end by its own clock; ours is turned
    assert now["status"]["state"] == "expired"
    assert am.told("ann") == 2 and alert_of(am, "Disk")["holds"] == []


@needs_amtool
def test_amtool_says_why_it_was_refused(am):
    done = amtool(am, "silence", "add", "x=~.*", "--comment", "c", "--end", "2099-01-01T00:00:00Z", check=False)
    assert done.returncode != 0 and "silence everything" in done.stderr, done


@needs_amtool
def test_amtool_updates(am):
    made = amtool(am, "silence", "add", "team=db", "--comment", "c", "--end", "2099-01-01T00:00:00Z").stdout.strip()
    changed = amtool(am, "silence", "update", made, "--end", "2099-02-01T00:00:00Z", "--comment", "longer").stdout
    assert made in changed
    now = am.server.get("silences/" + made)
    assert now["ends_at"].startswith("2099-02-01") and now["comment"] == "longer"
    call(am, "DELETE", "silence/" + made)


def test_other_matchers_are_a_new_silence(am):
    first = call(am, "POST", "silences", body()).json["silenceID"]
    same = call(am, "POST", "silences", body(id=first, comment="other")).json["silenceID"]
    second = call(am, "POST", "silences", body(id=first, matchers=[{"name": "team", "value": "web", "isRegex": False}])).json["silenceID"]
    assert same == first != second
    states = {row["id"]: row["status"]["state"] for row in call(am, "GET", "silences").json}
    assert states[first] == "expired" and states[second] == "active"
    assert call(am, "GET", "silence/" + second).json["matchers"] == [{"name": "team", "value": "web", "isRegex": False, "isEqual": True}]
    assert call(am, "DELETE", "silence/" + second).status == 200
    assert call(am, "GET", "silence/" + second).json["status"]["state"] == "expired"


def test_a_sender_silences_its_own_alerts_only(am):
    other = am.integration(am.chain)
    made = call(am, "POST", "silences", body()).json["silenceID"]
    am.server.send(other["key"], {"dedup_key": "x", "title": "Other", "labels": {"team": "db"}})
    assert am.alerts(integration=other)[0]["holds"] == []
    fire(am, "Disk", team="db")
    assert alert_of(am, "Disk")["holds"][0]["id"] == made
    whole = am.server.make("silences", matchers=[{"name": "nothing", "value": "like this"}], for_s=3600)
    assert whole["id"] in json.dumps(call(am, "GET", "silences").json)
    answer = call(am, "DELETE", "silence/" + whole["id"])
    assert answer.status == 403 and "tocsin silence end" in answer.json
    assert call(am, "POST", "silences", body(id=whole["id"])).status == 403
    am.server.api("DELETE", "silences/" + whole["id"])
    call(am, "DELETE", "silence/" + made)


@pytest.mark.parametrize("wrong, status", [
    ({"endsAt": "2001-01-01T00:00:00Z"}, 400), ({"endsAt": ""}, 400), ({"matchers": []}, 400), ({"id": "sil_0000000000000"}, 404),
    ({"id": "e1c1a8a8-0000-0000-0000-000000000000"}, 404), ({"matchers": [{"name": "a", "value": "(", "isRegex": True}]}, 400),
    ({"matchers": [{"name": "a", "value": "", "isRegex": False}]}, 400), ({"matchers": "x"}, 400)])
def test_refusals_are_a_text(am, wrong, status):
    answer = call(am, "POST", "silences", body(**wrong))
    assert answer.status == status and isinstance(answer.json, str) and len(answer.json) > 10, answer


def test_paths_and_methods(am):
    assert call(am, "GET", "silence/").status == 404
    assert call(am, "GET", "silence/nothing").status == 404
    assert call(am, "PUT", "silences", {}).status == 405
    assert call(am, "DELETE", "silences").status == 405
    assert call(am, "POST", "silences", []).status == 400
    assert am.server.http("GET", "/am/no-such-key/api/v2/silences").status == 404


# Matchers as amtool reads them. Its silence add posts what it has parsed: to a server of ours that only listens.


class Recorder(http.server.BaseHTTPRequestHandler):
    posted = []

    def do_POST(self):
        self.posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        answer = json.dumps({"silenceID": "x"}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


PIECES = ["a", "foo", "_x", "a:b", "9", "ü", " ", "\t", "=", "!=", "=~", "!~", "~", "!", '"', "\\", "\\\\", '\\"', "\\n", "\\t", "'", "`", "{", "}",
          ",", "x.*", "(a|b)", "[0-9]+", "(", "[", "a{2}", "🙂", "-", ".", "\n", "^a$", "|", "(?i)x", "\\d", "\\."]
KNOWN = ["a=b", "a=", 'a=""', "a==b", "a=~=b", 'a="b', 'a="b"c"', "a=b c", " a = b ", "a=\\", 'a="\\', "a=b\\", 'a="x\\"y"', "a!~x.*", "a=~[", "1a=b",
         "a.b=c", "a", "=b", "", "a=b,", 'a="b,c"', "a={b}", "a='b'", "a=b\nc", 'a="b"\n', "a!b", "a!=!=", "a=~", 'a=~""', "a=\\n", 'a=\\"', "a=\"", "ü=x"]


def generated(count):
    rng = random.Random(20260105)
    for _ in range(count):
        shape = rng.random()
        if shape < 0.5:  # nearly right
            yield rng.choice(["a", "foo", "_x", "a:b"]) + rng.choice(["", " "]) + rng.choice(["=", "!=", "=~", "!~"]) + rng.choice(["", " ", '"']) + "".join(
                rng.choice(PIECES) for _ in range(rng.randint(0, 4))) + rng.choice(["", '"'])
        else:
            yield "".join(rng.choice(PIECES) for _ in range(rng.randint(1, 7)))


def ours(world, text):
    """None: refused."""
    answer = world.server.try_api("POST", "silences/preview", {"text": text, "dialect": "classic"})
    if answer.status == 200:
        return answer.json["matchers"]
    errors = {error["pointer"] for error in answer.json.get("errors", [])} | {answer.json.get("errors", [{}])[0].get("pointer", "")}
    if "silence everything" in answer.text:
        return "everything"
    return None


@needs_amtool
def test_single_matchers_are_read_as_amtool_reads_them(world):
    recorder = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
    threading.Thread(target=recorder.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{recorder.server_port}"
    compared = taken = 0
    try:
        for text in KNOWN + list(generated(250)):
            if text.startswith("-") or "\0" in text or "," in text or text.startswith("{") or text.endswith("}") or not text.strip():
                continue  # amtool's words are single matchers: lists are another grammar (below)
            Recorder.posted.clear()
            done = subprocess.run(["amtool", f"--alertmanager.url={url}", "silence", "add", "first=one", text, "--comment", "c"],
                                  capture_output=True, text=True, timeout=20)
            theirs = Recorder.posted[0]["matchers"][1] if Recorder.posted else None
            mine = ours(world, 'first=one,' + text)
            compared += 1
            if theirs is None:
                assert mine is None, f"{text!r}: amtool refuses ({done.stderr.strip()}), we read {mine}"
                continue
            taken += 1
            op = {(False, True): "=", (False, False): "!=", (True, True): "=~", (True, False): "!~"}[(theirs["isRegex"], theirs.get("isEqual", True))]
            assert mine and mine[1] == {"name": theirs["name"], "op": op, "value": theirs["value"]}, f"{text!r}: amtool {theirs}, we {mine}"
    finally:
        recorder.shutdown()
        recorder.server_close()
    assert compared > 150 and taken > 50, (compared, taken)


@needs_amtool
def test_lists_are_taken_and_refused_as_amtool_does(world, tmp_path):
    """A route's matchers in a configuration, as amtool's check-config reads them."""
    texts = ["{a=b}", "{a=b,}", "a=b,c=d", "{a=b", "a=b}", "{}", ",", "a=b,,c=d", '{a="b,c"}', '{a="b\\",c=d"}', "{a=b,c}", "{{a=b}}", '{a="b"', "a=b ,",
             '{foo="bar",dings!="bums"}', '{foo=~"bar.*", x!~"[0-9]+"}', "{foo=bar dings=bums}", '{foo=",a"}', "{1=x}", '{a="\\,b",c=d}']
    rng = random.Random(7)
    texts += ["".join(rng.choice(["a=b", ",", "{", "}", 'c="d"', '"', " ", "\\", "x!~y", "e"]) for _ in range(rng.randint(1, 6))) for _ in range(80)]
    taken = 0
    for text in texts:
        file = tmp_path / "am.yml"
        file.write_text(json.dumps({"route": {"receiver": "x", "routes": [{"receiver": "x", "matchers": [text]}]}, "receivers": [{"name": "x"}]}))
        theirs = subprocess.run(["amtool", "check-config", str(file)], capture_output=True, text=True, timeout=20).returncode == 0
        answer = world.server.try_api("POST", "silences/preview", {"text": text, "dialect": "classic"}) if text.strip() else None
        mine = answer is None or answer.status == 200 or "say what it silences" in answer.text or "silence everything" in answer.text
        assert mine == theirs, f"{text!r}: amtool {'takes' if theirs else 'refuses'} it: {answer!r}"
        taken += theirs
    assert 20 < taken < len(texts) - 20, taken
