#!/usr/bin/env python3
"""Prints docs/security-cases.md, made of Tests/Attack/cases*.txt: python3 .ci/security_cases.py > docs/security-cases.md

A line is "ID | layers | description [| alone]", and a test stands for ID: its name or its arguments say so, or it asserts an
attempt of the attack program by its name (the keys of ASSERTED). Or the line begins with "- " and ends with the reason why no
test does. Tests/Attack/layers.txt says what can be left out of a sandbox, and what that shows.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LAYERS = "Tests/Attack/layers.txt"
LISTS = ["Tests/Attack/cases.txt", "Tests/Attack/cases-files.txt"]
CASE = r"[A-Z]{2}\d\d"
STRING = r'"(?:[^"\\\n]|\\.)*"'
# The answers of the attack program's attempts, and the test that asserts every one of them.
ASSERTED = ["Tests/SandboxTests/AttackAnswers.swift", "Tests/SandboxTests/SeccompTests.swift"]
ASSERTING = "AttackTests: T42 each attack from inside gets its errno"


def cases():
    """ID, layers, description, reason ("" where a test stands for it) and layers that hold it alone of each line, in order."""
    for name in LISTS:
        for line in (ROOT / name).read_text().splitlines():
            if not line.strip() or line.startswith("#"):
                continue
            untested = line.startswith("- ")
            parts = [part.strip() for part in line.removeprefix("- ").split(" | ")]
            if not re.fullmatch(CASE, parts[0]) or not all(parts) or len(parts) not in (3, 4):
                sys.exit(f"{name}: not a case: {line}")
            reason = parts[-1] if untested else ""
            alone = parts[3].split() if len(parts) == 4 and not untested else []
            yield parts[0], parts[1], "" if untested and len(parts) == 3 else parts[2], reason, alone


def layers():
    """Name, what is left out or the cases of a combination, and remark of each line of layers.txt about layers."""
    for line in (ROOT / LAYERS).read_text().splitlines():
        if line.strip() and not line.startswith(("#", "- ")):
            parts = [part.strip() for part in line.split(" | ")]
            if len(parts) not in (2, 3) or not all(parts):
                sys.exit(f"{LAYERS}: not a layer: {line}")
            yield parts[0], parts[1], parts[2] if len(parts) == 3 else ""


def code(path):
    """A Swift source without its comments."""
    return re.sub(r"^\s*//.*$", "", path.read_text(errors="replace"), flags=re.M)


def arguments(text, start):
    """What stands in the parentheses at `start`, whatever is nested or written in quotes there."""
    depth = 0
    for token in re.compile(STRING + r"|[()]").finditer(text, start):
        depth += {"(": 1, ")": -1}.get(token[0], 0)
        if depth == 0 and token[0] == ")":
            return text[start:token.end()]
    return text[start:]


def tests():
    """Suite, name and the IDs of each test whose name or arguments hold one."""
    for path in sorted((ROOT / "Tests").rglob("*.swift")):
        text = code(path)
        for match in re.finditer(r"@Test\b\s*", text):
            given = arguments(text, match.end()) if text[match.end():match.end() + 1] == "(" else ""
            named = re.match(r"\s*(?:\w+\s+)*?func\s+(?:`([^`]+)`|(\w+))", text[match.end() + len(given):])
            if not named:
                continue
            name = named[1] or named[2]
            found = set(re.findall(rf"\b{CASE}\b", name))
            for literal in re.findall(STRING, given):
                found |= set(re.findall(rf"\b{CASE}\b", literal))
            if found:
                yield path.stem, name, found


def asserted():
    """The attempts whose answers each table has."""
    for name in ASSERTED:
        text = code(ROOT / name)
        yield set(re.findall(rf'"({CASE}(?:\.[\w/]+)?)"\]?(?=\s*[:=])', text))


def named():
    """The tests that stand for each ID, as the page shows them."""
    found = {}
    for suite, name, ids in tests():
        for case in ids:
            found.setdefault(case, []).append(f"{suite}: {name}")
    for case in {key[:4] for keys in asserted() for key in keys}:
        found.setdefault(case, []).insert(0, ASSERTING)
    return found


def attempts():
    """The names that the attack program prints; "PR07." where the rest is only known as it runs."""
    found = set()
    for path in sorted((ROOT / "Tests/Attack").glob("*.[ch]")):
        text = re.sub(r"//.*$", "", path.read_text(), flags=re.M)
        found |= set(re.findall(rf'"({CASE}(?:\.[\w/]*)?)', text))
    return found


def unanswered():
    """Attempts that nobody asserts, and answers to what nobody tries."""
    known = {key for keys in asserted() for key in keys}
    tried = attempts()
    for attempt in sorted(tried - known):
        if attempt.endswith(".") and any(key.startswith(attempt) for key in known):
            continue
        yield f"{attempt}: the attack program tries it and nobody asserts what comes of it"
    begun = tuple(attempt for attempt in tried if attempt.endswith("."))
    for key in sorted(known - tried):
        if not key.startswith(begun):
            yield f"{key}: an answer is asserted, and the attack program does not try it"


def shown(test):
    return "`" + test.replace("|", "\\|") + "`"


def table():
    sources = named()
    rows = list(cases())
    still_open = sum(reason.startswith("open") for *_, reason, _ in rows)
    reasons = sum(bool(reason) for *_, reason, _ in rows) - still_open
    lines = [
        "# Cases of attack", "",
        "Generated by `.ci/security_cases.py` from `Tests/Attack/cases*.txt` and `layers.txt`; `./nanoclaw.sh check` compares",
        "them. Layers: n namespaces and mounts, s filters of calls, c capabilities and ids, l Landlock, r limits, h host, p proxy.",
        "In brackets: each of these alone keeps the case from succeeding, see the end. A test is named as `Suite: name`.", "",
        f"{len(rows)} cases: {len(rows) - still_open - reasons} have a test, {still_open} are open, {reasons} are left out"
        " with their reason.", "",
        "| case | layers | what is tried | test, or why there is none |", "| --- | --- | --- | --- |",
    ]
    for case, letters, description, reason, alone in rows:
        names = "; ".join(shown(test) for test in sources.get(case, []))
        kept = f" ({', '.join(alone)})" if alone else ""
        lines.append(f"| {case} | {letters}{kept} | {description} | {reason or names} |")
    lines += [
        "", "## What each layer holds", "",
        "The suite runs once more for each line, without these layers, and must find these cases succeed; test builds alone can",
        "leave a layer out. Where nothing is found another layer holds as well. @: only as root, or only without. Never left out are",
        "the first user namespace and the mount namespace: the set-up itself would change the box without them.", "",
        "| without | what is left out, or what it shows | cases that then succeed |", "| --- | --- | --- |",
    ]
    for name, what, remark in layers():
        if "+" in name:
            lines.append(f"| {name.replace('+', ' + ')} | {remark} | {what} |")
            continue
        found = []
        for case, *_, alone in rows:
            for kept in alone:
                layer, _, mode = kept.partition("@")
                if layer == name.partition("@")[0]:
                    found.append(f"{case} (@{mode})" if mode and "@" not in name else case)
        lines.append(f"| {name} | {what} | {remark or ' '.join(found)} |")
    return "\n".join(lines) + "\n"


def problems():
    """What is wrong with the lists: a case listed twice, or claimed for the tests that none stands for."""
    sources, seen = named(), set()
    known = {name.partition("@")[0] for name, *_ in layers() if "+" not in name}
    held = {kept.partition("@")[0] for *_, alone in cases() for kept in alone}
    for layer in sorted(held - known):
        yield f"{layer}: {LAYERS} has no such layer"
    for name, _, remark in layers():
        if "+" not in name and not remark and name.partition("@")[0] not in held:
            yield f"{name}: no case names it; say in {LAYERS} why nothing opens without it"
    for case, _, _, reason, _ in cases():
        if case in seen:
            yield f"{case} is listed twice"
        seen.add(case)
        if not reason and case not in sources:
            yield f"{case}: no test has it in its name, its arguments or its answers; give its line a reason, or open"
        if reason and case in sources:
            yield f"{case}: its line says why there is no test, and there is: {sources[case][0]}"
    for case in sorted(set(sources) - seen):
        yield f"{case}: {sources[case][0]} stands for it, and no list knows it"
    yield from unanswered()
    page = ROOT / "docs/security-cases.md"
    if not page.exists() or page.read_text() != table():
        yield "the cases changed: run python3 .ci/security_cases.py > docs/security-cases.md"


if __name__ == "__main__":
    sys.stdout.write(table())
