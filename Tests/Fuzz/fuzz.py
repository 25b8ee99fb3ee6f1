#!/usr/bin/env python3
"""Builds the fuzzing program and runs its targets; ./nanoclaw.sh fuzz calls it, docs/testing.md explains it."""

import argparse
import concurrent.futures
import glob
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
CORPUS = ROOT / "Tests/Fuzz/corpus"
WORK = ROOT / ".build-fuzz"
# An input that takes longer is a find, in seconds; and the memory of one run, in MiB.
INPUT_DEADLINE, MEMORY = 5, 2048
COVERAGE = "edge,indirect-calls,trace-cmp,inline-8bit-counters,pc-table"


def build(planted):
    """The program, instrumented; the planted bugs are only in its own module, so that little is built again."""
    swiftc = shutil.which("swiftc") or sys.exit("fuzz: no swiftc on PATH")
    usr = pathlib.Path(os.path.realpath(swiftc)).parent.parent
    found = glob.glob(str(usr / "lib/clang/*/lib/linux/libclang_rt.fuzzer_no_main-*.a"))
    if not found:
        sys.exit(f"fuzz: this Swift has no libFuzzer below {usr}/lib/clang: install the toolchain from swift.org")
    flags = ["-O", "-sanitize=address", f"-sanitize-coverage={COVERAGE}", "-use-ld=lld"]
    command = ["swift", "build", "--scratch-path", str(WORK), "--product", "nanoclaw-fuzz"]
    for flag in flags:
        command += ["-Xswiftc", flag]
    command += ["-Xlinker", found[0], "-Xlinker", "-lstdc++"]
    environment = dict(os.environ, NANOCLAW_FUZZ="planted" if planted else "1", NANOCLAW_TARGETS="nanoclaw-fuzz")
    result = subprocess.run(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if result.returncode:
        sys.exit(f"{result.stdout}\nfuzz: the build failed")
    program = WORK / ("nanoclaw-fuzz-planted" if planted else "nanoclaw-fuzz")
    shutil.copy2(WORK / "debug/nanoclaw-fuzz", program)
    return program


def run(program, target, seconds, keep, replay):
    """One target for so long, or until it finds something; what its last lines say."""
    finds = WORK / "finds" / target
    fresh = WORK / "corpus" / target
    shutil.rmtree(finds, ignore_errors=True)
    if not keep:
        shutil.rmtree(fresh, ignore_errors=True)
    for folder in (finds, fresh, CORPUS / target):
        folder.mkdir(parents=True, exist_ok=True)
    command = [str(program), target, f"-max_total_time={seconds}", f"-timeout={INPUT_DEADLINE}", "-max_len=4096",
               f"-rss_limit_mb={MEMORY}", f"-artifact_prefix={finds}/", "-use_value_profile=1", "-len_control=20",
               "-print_final_stats=1"]
    if replay:
        command.append("-runs=0")
    words = ROOT / f"Tests/Fuzz/corpus/{target}.dict"
    if words.exists():
        command.append(f"-dict={words}")
    command += [str(fresh), str(CORPUS / target)]
    # The backtrace of Swift would wait for a terminal; leaks are no matter of one input.
    environment = dict(os.environ, SWIFT_BACKTRACE="enable=no", ASAN_OPTIONS="detect_leaks=0:symbolize=0")
    start = time.monotonic()
    try:
        result = subprocess.run(command, cwd=ROOT, env=environment, text=True, errors="replace",
                                capture_output=True, timeout=seconds + 120)
        output, code = result.stdout + result.stderr, result.returncode
    except subprocess.TimeoutExpired as error:
        output, code = (error.stderr or b"").decode(errors="replace") + "\nit hangs", 1
    states = re.findall(r"^#(\d+)\s+\S+\s+cov: (\d+) ft: (\d+) corp: (\d+)", output, re.M)
    runs, edges, features, corpus = map(int, states[-1]) if states else (0, 0, 0, 0)
    done = re.findall(r"stat::number_of_executed_units: (\d+)", output)
    return {"target": target, "code": code, "runs": int(done[-1]) if done else runs, "edges": edges,
            "features": features, "corpus": corpus, "seconds": time.monotonic() - start, "output": output,
            "inputs": sorted(str(path.relative_to(ROOT)) for path in finds.iterdir())}


def reason(output):
    """The line that says what was found."""
    for pattern in (r"PROPERTY VIOLATED: .*", r".*Fatal error.*", r"SUMMARY: .*", r"ERROR: .*", r"it hangs"):
        found = re.findall(pattern, output)
        if found:
            return found[0][:300]
    return output[-300:]


def main():
    parser = argparse.ArgumentParser(prog="./nanoclaw.sh fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="all of them unless named")
    parser.add_argument("--seconds", type=int, help="for each target: 10, and at most 60 with --planted")
    parser.add_argument("--planted", action="store_true", help="fails where a target misses its planted bug")
    parser.add_argument("--long", action="store_true", help="ten minutes for each target")
    parser.add_argument("--replay", action="store_true", help="the corpus only, no new inputs: the same on every machine")
    parser.add_argument("--keep", action="store_true", help="begin with what earlier runs have collected")
    choices = parser.parse_args()
    seconds = choices.seconds or (600 if choices.long else 60 if choices.planted else 10)
    program = build(choices.planted)
    known = subprocess.run([str(program)], capture_output=True, text=True, check=True).stdout.split()
    for name in choices.targets:
        if name not in known:
            sys.exit(f"fuzz: there is no target \"{name}\"; there are: {', '.join(known)}")
    names = choices.targets or known
    failed = []
    print(f"{'target':<18}{'executions':>12}{'edges':>8}{'features':>10}{'corpus':>8}{'seconds':>9}  result", flush=True)
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for one in pool.map(lambda name: run(program, name, seconds, choices.keep, choices.replay), names):
            found = one["code"] != 0
            good = found == choices.planted
            result = ("found it" if found else "MISSED ITS PLANTED BUG") if choices.planted else (
                "FOUND " + reason(one["output"]) if found else "nothing found")
            print(f"{one['target']:<18}{one['runs']:>12}{one['edges']:>8}{one['features']:>10}{one['corpus']:>8}"
                  f"{one['seconds']:>9.1f}  {result}", flush=True)
            if found and not choices.planted:
                print(f"                  input: {' '.join(one['inputs'])}", flush=True)
                log = WORK / "finds" / f"{one['target']}.log"
                log.write_text(one["output"])
            if not good:
                failed.append(one["target"])
    if failed:
        sys.exit(f"fuzz: {', '.join(failed)} failed")


if __name__ == "__main__":
    main()
