#!/usr/bin/env python3
"""Reads one streamed answer with the official SDK and prints it as JSON.

    read_answer.py openai|anthropic BASE_URL [TOOL]

BASE_URL is what the SDK takes; TOOL names a tool to offer. Prints {"text", "calls": [[id, name, arguments]], "usage":
[input, output, cached], "reason"} with the arguments as JSON values.
"""
import json
import sys

SCHEMA = {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]}


def openai(base, tool):
    from openai import OpenAI

    extra = {}
    if tool:
        extra["tools"] = [{"type": "function", "function": {"name": tool, "description": "", "parameters": SCHEMA}}]
    client = OpenAI(base_url=base, api_key="sdk-key", max_retries=0)
    with client.chat.completions.stream(
        model="m", messages=[{"role": "user", "content": "hello"}], stream_options={"include_usage": True}, **extra
    ) as stream:
        completion = stream.get_final_completion()
    message = completion.choices[0].message
    calls = [[c.id, c.function.name, json.loads(c.function.arguments)] for c in message.tool_calls or []]
    usage = completion.usage
    cached = usage.prompt_tokens_details.cached_tokens if usage.prompt_tokens_details else None
    return {"text": message.content or "", "calls": calls, "reason": completion.choices[0].finish_reason,
            "usage": [usage.prompt_tokens, usage.completion_tokens, cached]}


def anthropic(base, tool):
    from anthropic import Anthropic

    extra = {"tools": [{"name": tool, "description": "", "input_schema": SCHEMA}]} if tool else {}
    client = Anthropic(base_url=base, api_key="sdk-key", max_retries=0)
    with client.messages.stream(
        model="m", max_tokens=100, messages=[{"role": "user", "content": "hello"}], **extra
    ) as stream:
        message = stream.get_final_message()
    text = "".join(block.text for block in message.content if block.type == "text")
    calls = [[b.id, b.name, b.input] for b in message.content if b.type == "tool_use"]
    usage = message.usage
    total = usage.input_tokens + (usage.cache_read_input_tokens or 0) + (usage.cache_creation_input_tokens or 0)
    return {"text": text, "calls": calls, "reason": message.stop_reason,
            "usage": [total, usage.output_tokens, usage.cache_read_input_tokens]}


def main():
    wire, base = sys.argv[1:3]
    tool = sys.argv[3] if len(sys.argv) > 3 else None
    print(json.dumps({"openai": openai, "anthropic": anthropic}[wire](base, tool)))


if __name__ == "__main__":
    main()
