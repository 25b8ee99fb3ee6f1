#!/usr/bin/env bash
# Builds the benchmark and its floor, then runs them on the release binaries. Arguments: those of Benchmarks/Options.swift,
# --peers or --connected.
set -euo pipefail
cd "$(dirname "$0")/.."
if [[ ${1:-} == --peers ]]; then
    shift
    peers=1
fi
if [[ ${1:-} == --connected ]]; then
    shift
    exec python3 Benchmarks/Connected/connected.py --binaries .build-dist "$@"
fi
json=()
arguments=()
while (($#)); do
    case $1 in
    --json) json=(--json "$(realpath -m "${2:?--json needs a file}")"); shift 2 ;;
    *) arguments+=("$1"); shift ;;
    esac
done
floor=$PWD/.build-host/bench-floor
mkdir -p "$floor"
# Static, as launcher and runner are; of sqlite3 the linker would say that dlopen then needs the same libc.
gcc -O2 -Wall -Wextra -Werror -static -Wl,--no-warnings -o "$floor/floor" \
    -ISources/CLinux/include -ISources/CLinux -ISources/CCap Benchmarks/Floor/{floor,turn,spawn,launcher,tiers,root}.c \
    Sources/CLinux/clinux_{spawn,init,io,mount,cgroup,cgroup_bound,cgroup_find,cgroup_pace,cgroup_sweep}.c \
    Sources/CLinux/clinux_harden_{facts,landlock,limits,seccomp}.c -lsqlite3 -lcap -lm
gcc -O2 -Wall -Wextra -Werror -pthread -o "$floor/model" Benchmarks/Floor/model.c
if [[ ${peers:-} ]]; then
    exec python3 Benchmarks/Peers/peers.py --binaries .build-dist --model "$floor/model" "${arguments[@]}" "${json[@]}"
fi
NANOCLAW_TARGETS=nanoclaw-bench swift build -c release --static-swift-stdlib --scratch-path .build-host \
    --product nanoclaw-bench </dev/null >&2
exec .build-host/release/nanoclaw-bench --binaries .build-dist --floor "$floor" "${arguments[@]}" "${json[@]}"
