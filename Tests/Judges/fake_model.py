#!/usr/bin/env python3
"""A model server that behaves as told: both wires, streamed, on loopback. Standard library only.

    python3 Tests/Judges/fake_model.py [--port N] [--record DIR] [--mode MODE]

Prints one line `PORT` on stdout once it listens, and ends when its stdin closes (pass </dev/null with --stay to keep it).
The base URL chooses the behaviour:

    openai     http://127.0.0.1:PORT/MODE/v1        anthropic     http://127.0.0.1:PORT/MODE

MODE is one of
    answer       a streamed answer to the last message or post: <message to="FROM">Echo: TEXT</message>; a user text that is
                 `call NAME {json}` gets that tool call, and the answer to a tool's result is its text
    tool         first one call of `shell` {"command": "echo from-the-model"}, then its result as the answer
    script       the next step given by /control (below); `answer` when none is left
    switch       whatever mode /control or --mode set last (`answer` at first)
    replay:NAME  the recorded stream NAME of streams/openai or streams/anthropic
    slow         as answer, seven characters each 140 ms
    silent       headers and the first event, then nothing until the client leaves
    mute         takes the request and never answers
    401 403 404 400 413 422 500 503 529    that status with an error body of the wire
    429          with Retry-After: 7
    long         400, the conversation is longer than the context
    html         200 with a web page
    garbage      200 with an event stream of bytes that make no sense
    half         the first half of an answer, then the connection is cut
    error        the beginning of an answer, then an error event
    nothing      200 with an empty body
    close        the connection is closed without a byte

Control, all JSON:
    POST /control   {"mode": "401"}              mode for `switch`
                    {"script": [STEP, …]}        STEP = {"text": "…"} or {"tool": "shell", "arguments": {…}}
                                                 or {"fail": "429"}; text may hold {from} and {text} of the message
    GET  /control   {"mode", "script", "requests": [{"path", "authorization", "body"}, …]}
"""
import argparse
import html
import json
import os
import re
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

STATE = {"mode": "answer", "script": [], "requests": []}
LOCK = threading.Lock()
RECORD = None
MESSAGE = re.compile(r'<(?:message|webhook)\b([^>]*)>(.*?)</(?:message|webhook)>', re.S)


def last_turn(body):
    """(from, text) of the last message, and the tool result if that is what came last."""
    messages = body.get("messages", [])
    result = None
    for message in reversed(messages):
        content = message.get("content")
        blocks = content if isinstance(content, list) else [{"type": "text", "text": content or ""}]
        if message["role"] == "tool":
            result = result if result is not None else content
            continue
        if message["role"] == "assistant" and (message.get("tool_calls") or result is not None):
            continue
        if message["role"] != "user":
            break
        results = [block for block in blocks if block.get("type") == "tool_result"]
        if results and result is None:
            result = results[-1].get("content")
        texts = [block["text"] for block in blocks if block.get("type") == "text"]
        if texts:
            found = MESSAGE.findall("\n".join(texts))
            if not found:
                return None, "\n".join(texts), result
            attributes, text = found[-1]
            name = re.search(r'\bfrom="([^"]*)"', attributes)
            return html.unescape(name.group(1)) if name else None, html.unescape(text), result
    return None, "", result


def wrapped(name, text):
    text = text.replace("&", "&amp;").replace("<", "&lt;")
    return f'<message to="{html.escape(name)}">{text}</message>' if name else text


def plan(mode, body):
    """What to answer: ("text", …) or ("tool", name, arguments)."""
    name, text, result = last_turn(body)
    if mode == "tool" and result is None:
        return "tool", "shell", {"command": "echo from-the-model"}
    if result is not None:
        return "text", wrapped(name, str(result))
    call = re.match(r"\s*call (\S+) (\{.*\})\s*$", text, re.S)
    if call:
        return "tool", call.group(1), json.loads(call.group(2))
    return "text", wrapped(name, "Echo: " + text)


def openai_events(step, body):
    base = {"id": "chatcmpl-fake", "object": "chat.completion.chunk", "created": int(time.time()),
            "model": body.get("model", "fake")}

    def chunk(delta, reason=None):
        return None, dict(base, choices=[{"index": 0, "delta": delta, "finish_reason": reason}])

    yield chunk({"role": "assistant", "content": ""})
    if step[0] == "text":
        for piece in pieces(step[1]):
            yield chunk({"content": piece})
        yield chunk({}, "stop")
        out = len(step[1]) // 4 + 1
    else:
        arguments = json.dumps(step[2])
        yield chunk({"tool_calls": [{"index": 0, "id": f"call_{time.time_ns():x}", "type": "function",
                                     "function": {"name": step[1], "arguments": ""}}]})
        for piece in pieces(arguments):
            yield chunk({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]})
        yield chunk({}, "tool_calls")
        out = len(arguments) // 4 + 1
    prompt = len(json.dumps(body)) // 4
    yield None, dict(base, choices=[], usage={
        "prompt_tokens": prompt, "completion_tokens": out, "total_tokens": prompt + out,
        "prompt_tokens_details": {"cached_tokens": 0}})
    yield None, "[DONE]"


def anthropic_events(step, body):
    def event(kind, **fields):
        return kind, dict(fields, type=kind)

    prompt = len(json.dumps(body)) // 4
    yield event("message_start", message={
        "id": "msg_fake", "type": "message", "role": "assistant", "model": body.get("model", "fake"), "content": [],
        "stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": prompt, "output_tokens": 1}})
    yield event("ping")
    if step[0] == "text":
        yield event("content_block_start", index=0, content_block={"type": "text", "text": ""})
        for piece in pieces(step[1]):
            yield event("content_block_delta", index=0, delta={"type": "text_delta", "text": piece})
        reason, out = "end_turn", len(step[1]) // 4 + 1
    else:
        yield event("content_block_start", index=0, content_block={
            "type": "tool_use", "id": f"toolu_{time.time_ns():x}", "name": step[1], "input": {}})
        arguments = json.dumps(step[2])
        for piece in pieces(arguments):
            yield event("content_block_delta", index=0, delta={"type": "input_json_delta", "partial_json": piece})
        reason, out = "tool_use", len(arguments) // 4 + 1
    yield event("content_block_stop", index=0)
    yield event("message_delta", delta={"stop_reason": reason, "stop_sequence": None}, usage={"output_tokens": out})
    yield event("message_stop")


def pieces(text, size=7):
    return [text[i:i + size] for i in range(0, len(text), size)]


def encoded(kind, data):
    text = data if isinstance(data, str) else json.dumps(data)
    return ((f"event: {kind}\n" if kind else "") + f"data: {text}\n\n").encode()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, status, body, headers=()):
        data = json.dumps(body).encode() if not isinstance(body, bytes) else body
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        if self.path == "/control":
            with LOCK:
                self.reply(200, STATE)
        elif self.path.endswith("/models") or self.path.endswith("/api/tags"):
            self.reply(200, {"object": "list", "data": [{"id": "fake", "object": "model"}], "models": []})
        else:
            self.reply(404, {"error": {"message": "no such path", "type": "not_found_error"}})

    def do_POST(self):
        size = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(size) if size else self.read_chunked()
        try:
            body = json.loads(raw or b"{}")
        except ValueError:
            return self.reply(400, {"error": {"message": "not JSON", "type": "invalid_request_error"}})
        if self.path == "/control":
            with LOCK:
                STATE.update({key: body[key] for key in ("mode", "script") if key in body})
            return self.reply(200, {})
        self.answer(body, raw)

    def read_chunked(self):
        data = b""
        if "chunked" not in (self.headers.get("Transfer-Encoding") or ""):
            return data
        while size := int(self.rfile.readline().split(b";")[0], 16):
            data += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return data

    def answer(self, body, raw):
        path = self.path.split("?")[0]
        mode = path.strip("/").split("/")[0]
        anthropic = path.endswith("/messages")
        if not anthropic and not path.endswith("/chat/completions"):
            return self.reply(404, {"error": {"message": f"no such path {path}", "type": "not_found_error"}})
        with LOCK:
            key = self.headers.get("Authorization") or self.headers.get("X-Api-Key")
            STATE["requests"].append({"path": self.path, "authorization": key, "body": body})
            del STATE["requests"][:-200]
            number = len(STATE["requests"])
            if mode == "switch":
                mode = STATE["mode"]
            step = STATE["script"].pop(0) if mode == "script" and STATE["script"] else None
        if RECORD:
            kind = "anthropic" if anthropic else "openai"
            with open(os.path.join(RECORD, f"{time.time_ns()}-{number}.{kind}.json"), "wb") as file:
                file.write(raw)
        if step and "fail" in step:
            mode, step = step["fail"], None
        if self.misbehave(mode, anthropic, body):
            return
        if step and "tool" in step:
            chosen = ("tool", step["tool"], step.get("arguments", {}))
        elif step:
            name, text, _ = last_turn(body)
            chosen = ("text", step["text"].replace("{from}", name or "").replace("{text}", text))
        else:
            chosen = plan(mode, body)
        self.stream(mode, list((anthropic_events if anthropic else openai_events)(chosen, body)), anthropic)

    def misbehave(self, mode, anthropic, body):
        """Plays the modes that never stream; says whether it was one."""
        words = {"401": "authentication_error", "403": "permission_error", "404": "not_found_error",
                 "413": "request_too_large", "429": "rate_limit_error", "529": "overloaded_error",
                 "500": "api_error", "503": "api_error"}
        if mode == "long":
            text = "This model's maximum context length is 8 tokens."
            error = {"message": text, "type": "invalid_request_error", "code": "context_length_exceeded"}
            self.reply(400, {"type": "error", "error": error} if anthropic else {"error": error})
        elif mode.isdigit():
            error = {"message": f"the fake model server answers {mode}",
                     "type": words.get(mode, "invalid_request_error"), "code": None}
            body = {"type": "error", "error": error} if anthropic else {"error": error}
            self.reply(int(mode), body, [("Retry-After", "7")] if mode == "429" else [])
        elif mode == "html":
            self.reply(200, b"<html><body>Welcome to nginx!</body></html>")
        elif mode == "nothing":
            self.reply(200, b"")
        elif mode == "close":
            self.close_connection = True
        elif mode == "mute":
            self.wait_for_client()
        elif mode.startswith("replay:"):
            wire = "anthropic" if anthropic else "openai"
            name = os.path.basename(mode.removeprefix("replay:"))
            with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "streams", wire, name + ".sse"), "rb") as file:
                stream = file.read()
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Content-Length", str(len(stream)))
            self.end_headers()
            self.wfile.write(stream)
        else:
            return False
        return True

    def wait_for_client(self):
        self.close_connection = True
        self.connection.settimeout(600)
        try:
            self.connection.recv(1)
        except OSError:
            pass

    def stream(self, mode, events, anthropic):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if mode == "garbage":
            return self.finish_with(b"data: {\"choices\": [{\"delta\": \x00\xff}\n\ndata: ]]]\n\n")
        if mode == "half":
            whole = b"".join(encoded(*event) for event in events)
            self.chunk(whole[:len(whole) // 2])
            self.close_connection = True
            return
        if mode == "error":
            self.chunk(b"".join(encoded(*event) for event in events[:2]))
            error = {"type": "overloaded_error", "message": "Overloaded"}
            failure = {"type": "error", "error": error} if anthropic else {"error": error}
            return self.finish_with(encoded("error" if anthropic else None, failure))
        if mode == "silent":
            self.chunk(encoded(*events[0]))
            return self.wait_for_client()
        try:
            for event in events:
                self.chunk(encoded(*event))
                if mode == "slow":
                    time.sleep(0.02 * 7)
            self.finish_with(b"")
        except OSError:
            self.close_connection = True

    def chunk(self, data):
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def finish_with(self, data):
        if data:
            self.chunk(data)
        self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_):
        pass


def main():
    global RECORD
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--record")
    parser.add_argument("--mode", default="answer")
    parser.add_argument("--stay", action="store_true")
    options = parser.parse_args()
    RECORD = options.record
    STATE["mode"] = options.mode
    server = Server(("127.0.0.1", options.port), Handler)
    print(server.server_address[1], flush=True)
    if options.stay:
        server.serve_forever()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.buffer.read()


if __name__ == "__main__":
    main()
