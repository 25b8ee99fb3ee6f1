#!/usr/bin/env bash
# Proves every judge of a channel by an independent client: Tests/Judges/channels/prove_all.sh [telegram|discord|slack|matrix|mail]…
# Says ok for each, or what differs from its golden transcript, and ends with status 1 when anything does.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=$(cd "$here/../../.." && pwd)/.build-judges/channels
(($#)) || set -- telegram discord slack matrix mail
"$here/setup.sh" "$@" || exit
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
declare -A running
for name in "$@"; do
    timeout 180 "$cache/$name/bin/python" "$here/prove_$name.py" >"$logs/$name" 2>&1 </dev/null &
    running[$name]=$!
done
code=0
for name in "$@"; do
    if wait "${running[$name]}"; then
        grep '^ok' "$logs/$name"
    else
        code=1
        echo "FAIL $name"
        tail -n 60 "$logs/$name"
    fi
done
exit "$code"
