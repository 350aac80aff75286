"""tests/alert-rules.md names tests and stories that exist."""

import pathlib
import re

TESTS = pathlib.Path(__file__).resolve().parents[1]


def test_every_test_that_the_map_names_exists():
    known, stories = set(), set()
    for path in TESTS.glob("api/test_*.py"):
        text = path.read_text()
        known |= set(re.findall(r"^def (test_\w+)", text, re.M))
        stories |= {(path.stem, name) for name in re.findall(r'^    "([^"]+)": f?"""$', text, re.M)}
    for path in TESTS.glob("unit/*.c"):
        text = path.read_text()
        known |= set(re.findall(r"^static void (\w+)\(void \*\*state\)", text, re.M)) | set(re.findall(r"^STORY\((\w+),", text, re.M))
    named, told, file = [], [], None
    for line in (TESTS / "alert-rules.md").read_text().splitlines():
        file = next(iter(re.findall(r"^Stories are those of `(\w+)\.py`", line)), file)
        if line.startswith("|") and line.count("|") >= 3:
            named += re.findall(r"\b[a-z]+(?:_[a-z0-9]+){2,}\b", line.split("|")[2].split("gap:")[0])
            told += [(other or file, name) for other, name in re.findall(r'(?:(\w+): )?"([^"]+)"', line.split("|")[2])]
    unknown = sorted(set(named) - known - {"core_alert_fold_test"})
    assert unknown == [] and len(named) > 80
    assert sorted(set(told) - stories) == [] and len(told) > 60
