"""The languages against other people's implementations, on generated inputs: Python's json and zoneinfo, cel-python, chevron.

Everything goes through `tocsin eval --lines`, which is the code that the server runs. The seeds are fixed, so a failure
comes again; TOCSIN_DIFF_COUNT makes the runs longer and TOCSIN_DIFF_SEED other ones.
"""

import datetime
import json
import os
import random
import re
import subprocess
import zoneinfo

import celpy
import chevron
import pytest

from tocsin import BINARY, clean_environment

COUNT = int(os.environ.get("TOCSIN_DIFF_COUNT", "400"))
SEED = int(os.environ.get("TOCSIN_DIFF_SEED", "1"))


@pytest.fixture
def dice():
    return random.Random(SEED)


def evaluate(bodies):
    lines = "".join(json.dumps(body) + "\n" for body in bodies)
    done = subprocess.run([BINARY, "eval", "--lines"], input=lines, capture_output=True, text=True, timeout=60, check=True,
                          env=clean_environment())
    answers = [json.loads(line) for line in done.stdout.split("\n")[:-1]]
    assert len(answers) == len(bodies)
    return answers


def report(differences):
    assert not differences, f"{len(differences)} of {COUNT} differ:\n" + "\n".join(differences[:10])


# JSON.

def any_text(dice):
    letters = ["a", "Z", "0", " ", "\"", "\\", "/", "\n", "\t", "\u0001", "\u007f", "ä", "€", "😀", "\u2028"]
    return "".join(dice.choice(letters) for _ in range(dice.randrange(8)))


def any_value(dice, depth=0):
    kind = dice.randrange(9 if depth < 5 else 7)
    if kind < 2:
        return any_text(dice)
    if kind == 2:
        return dice.choice([None, True, False])
    if kind == 3:
        return dice.choice([0, -1, 2**31, 2**53 + 1, 2**63 - 1, -2**63, 2**64 - 1, 10**30, -10**40])
    if kind == 4:
        return dice.choice([0.1, -2.5e-7, 1e300, 5e-324, 1.7976931348623157e308, 123456.789, -0.5])
    if kind == 5:
        return dice.randrange(-1000, 1000)
    if kind == 6:
        return dice.uniform(-1, 1) * 10 ** dice.randrange(-20, 20)
    if kind == 7:
        return [any_value(dice, depth + 1) for _ in range(dice.randrange(5))]
    return {any_text(dice): any_value(dice, depth + 1) for _ in range(dice.randrange(20))}


def damaged(dice, text):
    """Mostly no JSON any more."""
    at = dice.randrange(len(text) + 1)
    piece = dice.choice([",", ":", "{", "}", "[", "]", "\"", "\\", "0", "-", ".", "e", "+", "nul", "true", " ", "\n", "\\u12", "'", "#"])
    return text[:at] + piece + text[at + dice.randrange(3):]


def no_constant(word):
    raise ValueError(word)


def test_json_is_read_and_written_as_python_does(dice):
    values = [any_value(dice) for _ in range(COUNT)]
    texts = [json.dumps(value, ensure_ascii=dice.random() < 0.5, indent=dice.choice([None, 1])) for value in values]
    texts += [damaged(dice, text) for text in texts]
    answers = evaluate([{"source": "json(text)", "context": {"text": text}} for text in texts])
    differences = []
    for text, answer in zip(texts, answers):
        try:
            wanted = json.loads(text, parse_constant=no_constant)
            # half a surrogate pair is no character: webhooks that send one are read with U+FFFD in its place
            wanted = json.loads(re.sub("[\ud800-\udfff]", "\ufffd", json.dumps(wanted, ensure_ascii=False)))
        except (ValueError, RecursionError):
            if "error" not in answer:
                differences.append(f"{text!r} was taken as {answer['value']!r}")
            continue
        if "error" in answer:
            differences.append(f"{text!r} was refused: {answer['error']['message']}")
        # a double beyond all doubles keeps its text here and is infinite there
        elif answer["value"] != wanted and "Infinity" not in repr(wanted):
            differences.append(f"{text!r} gives {answer['value']!r}, not {wanted!r}")
    report(differences)


# CEL.

CONTEXT = {"i": 7, "j": -3, "z": 0, "big": 2**62, "s": "disk full", "t": "full", "e": "", "yes": True, "no": False,
           "list": [3, 1, 2], "names": ["ann", "bob"], "map": {"a": 1, "b": {"c": "deep"}}}


def an_int(dice, depth):
    leaves = ["i", "j", "z", "1", "2", "10", "map.a", "list[0]", "list[2]", "big", "map.nope", "list[9]"]
    if depth <= 0 or dice.random() < 0.2:
        return dice.choice(leaves)
    kind = dice.randrange(5)
    if kind < 3:
        return f"({an_int(dice, depth - 1)} {dice.choice('+-*/%')} {an_int(dice, depth - 1)})"
    if kind == 3:
        return f"size({dice.choice([a_text, a_list])(dice, depth - 1)})"
    return f"({a_bool(dice, depth - 1)} ? {an_int(dice, depth - 1)} : {an_int(dice, depth - 1)})"


def a_text(dice, depth):
    if depth <= 0 or dice.random() < 0.3:
        return dice.choice(["s", "t", "e", "'x'", "map.b.c", "names[1]", "'ä€'", "string(i)"])
    if dice.random() < 0.7:
        return f"({a_text(dice, depth - 1)} + {a_text(dice, depth - 1)})"
    return f"({a_bool(dice, depth - 1)} ? {a_text(dice, depth - 1)} : {a_text(dice, depth - 1)})"


def a_list(dice, depth):
    if depth <= 0 or dice.random() < 0.3:
        return dice.choice(["list", "[]", "[1, 2, 3]", "[i, j]"])
    kind = dice.randrange(3)
    if kind == 0:
        return f"({a_list(dice, depth - 1)} + {a_list(dice, depth - 1)})"
    if kind == 1:
        return f"{a_list(dice, depth - 1)}.map(x, x + {dice.choice(['1', 'i', 'x'])})"
    return f"{a_list(dice, depth - 1)}.filter(x, x {dice.choice(['<', '>=', '==', '!='])} {an_int(dice, 0)})"


def a_bool(dice, depth):
    if depth <= 0 or dice.random() < 0.15:
        return dice.choice(["yes", "no", "true", "false", "has(map.a)", "has(map.nope)", "i > 3"])
    kind = dice.randrange(9)
    if kind < 2:
        return f"({a_bool(dice, depth - 1)} {dice.choice(['&&', '||'])} {a_bool(dice, depth - 1)})"
    if kind == 2:
        return f"!{a_bool(dice, depth - 1)}"
    if kind < 5:
        return f"({an_int(dice, depth - 1)} {dice.choice(['<', '<=', '>', '>=', '==', '!='])} {an_int(dice, depth - 1)})"
    if kind == 5:
        return f"({a_text(dice, depth - 1)} {dice.choice(['<', '==', '!='])} {a_text(dice, depth - 1)})"
    if kind == 6:
        return f"{a_text(dice, depth - 1)}.{dice.choice(['contains', 'startsWith', 'endsWith'])}({a_text(dice, depth - 1)})"
    if kind == 7:
        return f"({an_int(dice, depth - 1)} in {a_list(dice, depth - 1)})"
    return f"{a_list(dice, depth - 1)}.{dice.choice(['all', 'exists'])}(x, x {dice.choice(['<', '>', '=='])} {an_int(dice, 0)})"


def plain(value):
    if isinstance(value, celpy.celtypes.BoolType):
        return bool(value)
    if isinstance(value, list):
        return [plain(item) for item in value]
    return int(value) if isinstance(value, int) else str(value)


def cel_python(environment, source, context):
    """The value, or None for an error."""
    try:
        value = environment.program(environment.compile(source)).evaluate(context)
    except (celpy.CELEvalError, TypeError, ValueError, KeyError, IndexError, ZeroDivisionError):
        return None
    return None if isinstance(value, celpy.CELEvalError) else (plain(value),)


def test_cel_agrees_with_cel_python(dice):
    environment = celpy.Environment()
    context = celpy.json_to_cel(CONTEXT)
    count = COUNT // 2  # the other one takes its time
    sources = [dice.choice([an_int, a_text, a_list, a_bool])(dice, dice.randrange(1, 5)) for _ in range(count)]
    answers = evaluate([{"source": source, "context": CONTEXT} for source in sources])
    differences = []
    values = 0
    for source, answer in zip(sources, answers):
        wanted = cel_python(environment, source, context)
        got = None if "error" in answer else (answer["value"],)
        values += wanted is not None
        # cel-python lets an error out of the branch of ?: that is not taken, and loses joined texts before a method
        if got != wanted and not (wanted is None and ("?" in source or ").contains(" in source)):
            differences.append(f"{source} gives {answer}, not {wanted}")
    assert values > count // 3  # not only errors were compared
    report(differences)


# Mustache.

DATA = {"name": "Ann", "text": "a < b & c", "yes": True, "no": False, "none": None, "n": 7, "empty": [],
        "items": [{"name": "one", "tags": ["x", "y"]}, {"name": "two", "tags": []}], "deep": {"a": {"b": "B"}}}


def a_template(dice, depth, inside=False):
    """Inside of a list there are no inverted sections: chevron loses the rest of the list behind one."""
    parts = []
    for _ in range(dice.randrange(1, 6)):
        kind = dice.randrange(9)
        name = dice.choice(["name", "text", "n", "deep.a.b", "nope", "deep.nope", "none"])
        if kind < 3:
            parts.append(dice.choice(["{{%s}}", "{{ %s }}", "{{{%s}}}", "{{&%s}}"]) % name)
        elif kind == 3:
            parts.append(dice.choice(["{{! a comment }}", "\n{{! alone }}\n", "{{=<% %>=}}<%name%><%={{ }}=%>"]))
        elif kind < 7 and depth > 0:
            section = dice.choice(["yes", "no", "none", "empty", "items", "deep", "nope", "tags"])
            mark, line = "#" if inside else dice.choice("#^"), dice.choice(["", "\n", "  \n"])
            inner = a_template(dice, depth - 1, inside or section in ("items", "tags"))
            parts.append(f"{line}{{{{{mark}{section}}}}}{line}{inner}{line}{{{{/{section}}}}}{line}")
        else:
            parts.append(dice.choice(["plain ", "\n", "  x\n", " <b> ", "}", "{ "]))
    return "".join(parts)


def test_mustache_agrees_with_chevron(dice):
    templates = [a_template(dice, 3) for _ in range(COUNT)]
    answers = evaluate([{"language": "mustache", "escape": "html", "source": template, "context": DATA} for template in templates])
    differences, lost = [], 0
    for template, answer in zip(templates, answers):
        try:
            wanted = chevron.render(template, DATA)
        except IndexError:  # chevron forgets its scopes after some inverted sections
            lost += 1
            continue
        if answer.get("value") != wanted:
            differences.append(f"{template!r} gives {answer}, not {wanted!r}")
    assert lost < COUNT // 4
    report(differences)


# Zones.

ZONES = ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns", "Pacific/Apia", "Africa/Casablanca",
         "Asia/Tehran", "Europe/Dublin", "America/Sao_Paulo", "Antarctica/Troll", "UTC"]


def instant_of(local, zone):
    """What DESIGN asks for: a time that does not exist moves forward by the gap, one that exists twice is the first."""
    there = local.replace(tzinfo=zone)
    back = there.astimezone(datetime.timezone.utc).astimezone(zone)
    return there.astimezone(datetime.timezone.utc) if back.replace(tzinfo=None) == local else \
        (local - there.utcoffset()).replace(tzinfo=datetime.timezone.utc)


def test_zones_agree_with_zoneinfo(dice):
    bodies, wanted = [], []
    for _ in range(COUNT):
        name = dice.choice(ZONES)
        zone = zoneinfo.ZoneInfo(name)
        at = datetime.datetime(1975, 1, 1, tzinfo=datetime.timezone.utc) + datetime.timedelta(seconds=dice.randrange(80 * 365 * 86400))
        if dice.random() < 0.5:  # near a change of the clocks
            step = datetime.timedelta(hours=6)
            while at.astimezone(zone).utcoffset() == (at + step).astimezone(zone).utcoffset() and at.year < 2050 and name != "UTC":
                at += step
            at += datetime.timedelta(minutes=dice.randrange(-60, 420))
        there = at.astimezone(zone)
        stamp = f"timestamp('{at:%Y-%m-%dT%H:%M:%SZ}')"
        bodies.append({"source": f"[{stamp}.getFullYear('{name}'), {stamp}.getMonth('{name}'), {stamp}.getDate('{name}'), "
                                 f"{stamp}.getHours('{name}'), {stamp}.getMinutes('{name}')]"})
        wanted.append([there.year, there.month - 1, there.day, there.hour, there.minute])
        local = there.replace(tzinfo=None, fold=0)
        bodies.append({"source": f"string(time('{local:%Y-%m-%d %H:%M:%S}'))", "time_zone": name})
        wanted.append(f"{instant_of(local, zone):%Y-%m-%dT%H:%M:%SZ}")
    report([f"{body} gives {answer}, not {want}" for body, answer, want in zip(bodies, evaluate(bodies), wanted)
            if answer.get("value") != want])
