#!/bin/bash
# Writes the files below container/ as Swift string literals, by relative path, to standard output.
# usage: Sources/ContainerResources/generate.sh > Sources/ContainerResources/Files.swift
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../container"
export LC_ALL=C
echo '// swift-format-ignore-file'
echo '// Made by generate.sh from container/; change the files there.'
echo
echo 'extension ContainerResources {'
echo '    /// The text of every file below `container/`, by its path there.'
echo '    package static let files: [String: String] = ['
find . -type f -name '*.md' -printf '%P\n' | sort | while IFS= read -r path; do
    if grep -q '"""##' "$path"; then
        echo "$path: contains \"\"\"##, which would end its literal" >&2
        exit 1
    fi
    printf '        "%s": ##"""\n' "$path"
    sed 's/^\(.\)/            \1/' "$path"
    printf '\n            """##,\n'
done
echo '    ]'
echo '}'
