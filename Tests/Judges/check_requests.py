#!/usr/bin/env python3
"""Judges request bodies by the types of the official SDKs: check_requests.py FILE.openai.json FILE.anthropic.json …

Prints a line for each file; exits 1 when a type refuses one, or a body holds a key that its type does not know.
"""
import json
import sys

from anthropic.types.message_create_params import MessageCreateParamsStreaming
from openai.types.chat.completion_create_params import CompletionCreateParamsStreaming
from pydantic import TypeAdapter, ValidationError

TYPES = {"openai": CompletionCreateParamsStreaming, "anthropic": MessageCreateParamsStreaming}
# Kept for the whole run: what is read lazily still needs them.
ADAPTERS = {wire: TypeAdapter(kind) for wire, kind in TYPES.items()}


def known_keys(kind):
    keys = set()
    for base in kind.__mro__:
        keys |= set(getattr(base, "__annotations__", {}))
    return keys


def judge(path):
    wire = path.rsplit(".", 2)[-2]
    kind = TYPES[wire]
    with open(path) as file:
        body = json.load(file)
    unknown = set(body) - known_keys(kind)
    if unknown:
        return f"unknown keys {sorted(unknown)}"
    try:
        checked = ADAPTERS[wire].validate_json(json.dumps(body))
        # Iterables are read only when somebody asks: the messages and tools are judged here.
        for key in ("messages", "tools"):
            for sent, item in zip(body.get(key) or [], checked.get(key) or [], strict=True):
                for field in ("content", "tool_calls"):
                    if isinstance(sent.get(field), list) and len(list(item[field])) != len(sent[field]):
                        return f"{field} of {sent} is not read whole"
    except ValidationError as error:
        return str(error)[:2000]
    return None


def main():
    failed = False
    for path in sys.argv[1:]:
        problem = judge(path)
        print(f"{path}: {problem or 'ok'}")
        failed = failed or problem is not None
    sys.exit(failed or len(sys.argv) < 2)


if __name__ == "__main__":
    main()
