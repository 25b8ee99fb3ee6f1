#!/usr/bin/env python3
"""Counts what each suite tries, from the sources, for the section "Suites" of docs/testing.md.

Prints the section; with --write it puts it into the page. ./nanoclaw.sh check compares them.
"""

import pathlib
import re
import sys
import textwrap

import security_cases

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/testing.md"
HEAD = "## Suites\n"
RENEW = "python3 .ci/suites.py --write"
LITERAL = security_cases.STRING + r'|#"(?:[^"\n]|"(?!#))*"#'
TEXT = rf"(?:{LITERAL})(?: \+ (?:{LITERAL}))*"


def source(name):
    """A file of the checkout, or all Swift files below a folder, without comments that fill a line."""
    path = ROOT / name
    files = [path] if path.is_file() else sorted(path.rglob("*.swift"))
    if not files:
        sys.exit(f"suites: {name} is gone")
    return "\n".join(security_cases.code(file) for file in files)


def count(pattern, name, part=r"(?s).*"):
    """How often a pattern stands in the part of a source that the second one matches; none is a mistake of this script."""
    found = re.search(part, source(name))
    number = len(re.findall(pattern, found[0], re.M)) if found else 0
    if not number:
        sys.exit(f"suites: {name} has nothing like {pattern}")
    return number


def block(start, end=r"\n    \]"):
    """A part of a source from one pattern to the next line that closes it."""
    return rf"(?s){start}.*?{end}"


def attacks():
    cases = list(security_cases.cases())
    left_out = sum(bool(reason) for *_, reason, _ in cases)
    layers = {name.partition("@")[0] for name, *_ in security_cases.layers()}
    attempts = len({key for keys in security_cases.asserted() for key in keys})
    yield f"{len(cases)} cases: {len(cases) - left_out} tested, {left_out} left out with the reason"
    yield f"{attempts} attempts with an asserted answer, in 2 tiers, with a root launcher and one of uid 65534: {attempts * 4}"
    yield f"the whole again without each of {sum('+' not in name for name in layers)} layers, without " \
          f"{sum('+' in name for name in layers)} combinations of them, and outside of any sandbox"


def crashes():
    points = sorted(set(re.findall(r'crashPoint\("([a-z.-]+)"\)', source("Sources"))))
    folder = "Tests/EndToEndTests/Crash/CrashPoints.swift"
    mine = [word for word in re.findall(r'"([a-z]+\.)"', re.search(block("runner = all", r"\n    }"), source(folder))[0])]
    inside = sum(point.startswith(tuple(mine)) for point in points)
    yield f"{len(points)} points: {inside} in the runner, {len(points) - inside} in host, recovery and upgrade"
    steps = count(r"\bstep\(", "Sources/nanoclaw-sandbox") - 1
    yield f"{steps} calls of `step`, each failed in turn in launcher, PID 1, runner and tool init, in both modes"


def disks():
    step = r"^        Step\("
    yield f"{count(step, 'Tests/EndToEndTests/Disk/DiskFaultTests.swift')} writes of a turn, each with ENOSPC and EIO; " \
          "files, sessions and runners that begin; a disk that is full on ext4, xfs and btrfs"
    yield "each cut between two changes of the files of a session and of the marks, in the states that a disk may keep"


def fuzzing():
    targets = count(r"^struct \w+: FuzzTarget", "Tests/Fuzz")
    inputs = sum(path.is_file() for folder in (ROOT / "Tests/Fuzz/corpus").iterdir() if folder.is_dir()
                 for path in folder.iterdir())
    yield f"{targets} targets, each shown to find a planted mistake; {inputs // 50 * 50} inputs and more in the corpus"


def channels():
    checks = "Tests/ChannelConformance/ConformanceCheck.swift"
    names = re.findall(r"^    case (.*?)(?=^    (?:case|//)|^})", source(checks), re.M | re.S)
    number = sum(len(re.findall(r"\w+(?:\s*=\s*\"[^\"]*\")?(?:,|$)", line.strip())) for line in names)
    planted = count(r"^        \(\.", "Tests/ChannelConformanceTests/PlantedMistakesTests.swift", block("findings:"))
    yield f"{number} checks, {planted} planted mistakes that they must find"


def shell():
    folder = "Tests/ShellPolicyTests"
    tried = re.sub(r'String\(repeating: ("[^"]+"), count: \d+\)', r"\1", source(f"{folder}/Bypasses"))
    bypasses = sum(len(re.findall(TEXT, security_cases.arguments(tried, match.end() - 1))) - 2
                   for match in re.finditer(r"(?<!func )\bkind\(", tried))
    safe = len(re.findall(TEXT, source(f"{folder}/SafeCommands.swift")))
    yield f"{bypasses} bypasses, {safe} everyday commands, 6,000 random commands in three shells"


def programs():
    file = "Tests/SandboxTests/OrdinaryPrograms.swift"
    quick, slow = (len(re.search(rf"static let {name} = .*?\[(.*?)\]", source(file), re.S)[1].split(","))
                   for name in ("quick", "all"))
    yield f"{quick + slow} programs of Debian's packages in /tmp, {quick} of them in the agent's folder, and the Swift compiler"


def verbs():
    file = "Tests/EndToEndTests/ReadingVerbs.swift"
    reading = count(r"\[\"[a-z-]+\"", file, block(r"func words\(", r"\n        \]"))
    others = count(r'"[a-z -]+"', file, block("static let others", r"\n    \]"))
    yield f"{reading} calls of reading verbs beside a loaded host; {others} other verbs are named, so that none is forgotten"


def others():
    offenders = count(r'^ +(?:Offender\()?\s*name: "|Offender\(name: "', "Tests/EndToEndTests/NeighbourTests.swift",
                      block("offenders = ", r"\n    \]"))
    yield "noisy neighbours", [f"{offenders} sessions that take all they can get, as root and as a plain user"]
    homes = sum(path.is_dir() for path in (ROOT / "Tests/Fixtures/Homes").iterdir())
    made = re.search(r"revisions = \[(.*?)\]", source("Tests/EndToEndTests/Upgrade/EarlierHomeTests.swift"))[1]
    yield "earlier homes", [f"{homes} that a release has left, {len(made.split(','))} that are made at older revisions"]
    script = (ROOT / "Tests/Install/install.py").read_text()
    failures = len(set(re.findall(r'\bexpect\("([^"]+)"', script)))
    yield "installation", [f"Debian 12 and 13, as root and as a plain user; {failures} things that go wrong on purpose"]


def promises():
    page = (ROOT / "docs/promises.md").read_text()
    rows = re.findall(r"^\| (\d+) \|.*`§16\.", page, re.M)
    tests = {name for name in re.findall(r"`([^`]+)`", page) if re.match(r"(T\d\d|§16\.\d+)\b", name)}
    yield f"{len(re.findall(r'^[*][*]T', page, re.M))} statements and {len(set(rows))} lines of the catalogue, kept by {len(tests)} tests"


def modules():
    """Test functions of each module, rounded down to tens: a page that each new test makes stale would be a nuisance."""
    found = {}
    for path in sorted((ROOT / "Tests").rglob("*.swift")):
        module = path.relative_to(ROOT / "Tests").parts[0].removesuffix("Tests")
        found[module] = found.get(module, 0) + len(re.findall(r"@Test\b", security_cases.code(path)))
    whole = sum(found.values()) // 100 * 100
    names = [f"{module} {number // 10 * 10}" for module, number in sorted(found.items()) if number >= 10]
    few = [module for module, number in sorted(found.items()) if 0 < number < 10]
    text = f"Over {whole:,} test functions, many with a list of arguments. By module, rounded down to tens: " \
           f"{', '.join(names)}; under ten: {', '.join(few)}."
    return textwrap.fill(text, 130)


def section():
    rows = [("attacks", attacks()), ("crashes", crashes()), ("disks and power cuts", disks()), ("fuzzing", fuzzing()),
            ("channels", channels()), ("shell commands", shell()), ("ordinary programs", programs()), ("verbs", verbs()),
            *others(), ("promises", promises())]
    lines = [HEAD, f"Counted from the sources by `.ci/suites.py`; `{RENEW}` renews it, `./nanoclaw.sh check` compares.", "",
             "| suite | what it tries |", "| --- | --- |"]
    lines += [f"| {name} | {'<br>'.join(what)} |" for name, what in rows]
    return "\n".join(lines + ["", modules(), "", ""])


def parts():
    """The page before the section, the section, and what follows."""
    text = PAGE.read_text()
    start = text.find(HEAD)
    end = text.find("\n## ", start + 1) + 1
    return (text, "", "") if start < 0 or not end else (text[:start], text[start:end], text[end:])


def problems():
    if parts()[1] != section():
        yield f"the suites changed: run {RENEW}"


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        before, old, after = parts()
        if not old:
            sys.exit(f"docs/testing.md has no section {HEAD.strip()!r} that another follows")
        PAGE.write_text(before + section() + after)
    else:
        sys.stdout.write(section())
