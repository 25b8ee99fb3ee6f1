#!/usr/bin/env bash
# Makes what the judges of the channels need: Tests/Judges/channels/setup.sh [telegram|discord|slack|matrix|mail]…
# One Python environment each, from PyPI by name, in .build-judges/channels/ (ignored by git); without a name, all.
# Dovecot comes from Debian and is never started as a service. A second run changes nothing.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=$(cd "$here/../../.." && pwd)/.build-judges/channels
uv=0.13.9
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9

(($#)) || set -- telegram discord slack matrix mail

environment() {
    local list=$here/requirements-$1.txt mark=$cache/$1.done home=$cache/$1
    [ -f "$list" ] || { echo "setup.sh: there is no judge '$1'; ask for telegram, discord, slack, matrix or mail" >&2; return 2; }
    if cmp -s "$list" "$mark" && [ -x "$home/bin/python" ]; then return; fi
    rm -f "$mark"
    if ! "$cache/uv/bin/uv" --version 2>/dev/null | grep -q "^uv $uv"; then
        python3 -m venv "$cache/uv"
        "$cache/uv/bin/pip" install --quiet --disable-pip-version-check "uv==$uv" >&2
    fi
    "$cache/uv/bin/uv" venv --quiet --clear --python "$(command -v python3)" "$home" >&2
    "$cache/uv/bin/uv" pip install --quiet --python "$home/bin/python" -r "$list" >&2
    cp "$list" "$mark"
}

dovecot() {
    if [ -x /usr/sbin/dovecot ] && [ -e /usr/lib/dovecot/lmtp ] && [ -e /usr/lib/dovecot/imap ]; then return; fi
    if [ "$(id -u)" != 0 ]; then
        echo "setup.sh: install Dovecot: sudo apt-get install --no-install-recommends dovecot-imapd dovecot-lmtpd" >&2
        return 1
    fi
    # Debian asks this program whether a package's service may start: 101 says no. One that is there stays.
    local policy=/usr/sbin/policy-rc.d made=
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
        made=1
    fi
    apt_get() { DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 "$@" </dev/null >/dev/null; }
    local code=0
    apt_get install -y -qq --no-install-recommends dovecot-imapd dovecot-lmtpd ||
        { apt_get update -qq && apt_get install -y -qq --no-install-recommends dovecot-imapd dovecot-lmtpd; } || code=$?
    [ -z "$made" ] || rm -f "$policy"
    # Nor at the next boot of a machine with systemd.
    systemctl disable --quiet dovecot.service dovecot.socket 2>/dev/null || true
    return "$code"
}

# The package manager of Debian and that of Python wait for different things: they run side by side.
packages=
for name in "$@"; do
    if [ "$name" = mail ]; then
        dovecot &
        packages=$!
    fi
done
for name in "$@"; do environment "$name"; done
[ -z "$packages" ] || wait "$packages"
