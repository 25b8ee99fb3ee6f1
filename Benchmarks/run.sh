#!/usr/bin/env bash
# Builds the benchmark and its floor, then runs them on the release binaries. Arguments: --only NAMES, --json FILE.
set -euo pipefail
cd "$(dirname "$0")/.."
json=()
arguments=()
while (($#)); do
    case $1 in
    --json) json=(--json "$(realpath -m "${2:?--json needs a file}")"); shift 2 ;;
    *) arguments+=("$1"); shift ;;
    esac
done
NANOCLAW_TARGETS=nanoclaw-bench swift build -c release --static-swift-stdlib --scratch-path .build-host \
    --product nanoclaw-bench </dev/null >&2
floor=.build-host/floor
gcc -O2 -Wall -Wextra -Werror -o "$floor" Benchmarks/floor.c -lsqlite3
exec .build-host/release/nanoclaw-bench --binaries .build-dist --floor "$PWD/$floor" "${arguments[@]}" "${json[@]}"
