#!/usr/bin/env python3
"""A real model on loopback: llama.cpp's own HTTP server, and a front that holds the small model to a form.

Run by llama.sh. Prints the front's port, and ends when stdin closes. Base URLs:

    http://127.0.0.1:PORT/v1           http://127.0.0.1:PORT            the server as it is
    http://127.0.0.1:PORT/say/v1       http://127.0.0.1:PORT/say        the answer is <message to="FROM">…</message>
    http://127.0.0.1:PORT/turn/v1      http://127.0.0.1:PORT/turn       first a call of `shell` {"command":
                                                                        "echo from-the-model"}, then as `say`

The left ones are for openai, the right ones for anthropic. A model of this size does what it has just seen: the form
is a few examples put in place of the conversation, and a tool that must be called with a schema that has one value.
The model itself writes every token, and the server's answer is passed on unchanged.
"""
import http.client
import json
import os
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import xllamacpp

HERE = os.path.dirname(os.path.abspath(__file__))
COMMAND = "echo from-the-model"


def start(model):
    params = xllamacpp.CommonParams()
    params.model.path = model
    params.model_alias = {"gemma"}
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_ctx = 16384
    params.n_parallel = 2
    params.cpuparams.n_threads = 2
    params.use_jinja = True
    params.offline = True
    with open(os.path.join(HERE, "tools.jinja")) as template:
        params.chat_template = template.read()
    return xllamacpp.Server(params)


def texts(message):
    content = message.get("content")
    if isinstance(content, str):
        return [content]
    return [block.get("text", "") for block in content or []]


def ends_with_result(messages):
    last = messages[-1]
    content = last.get("content")
    return last["role"] == "tool" or isinstance(content, list) and any(b["type"] == "tool_result" for b in content)


def example_call(number, anthropic):
    identity, arguments = f"call_{number}", {"command": COMMAND}
    if anthropic:
        call = {"type": "tool_use", "id": identity, "name": "shell", "input": arguments}
        result = {"type": "tool_result", "tool_use_id": identity, "content": "from-the-model"}
        return [{"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}]
    call = {"id": identity, "type": "function", "function": {"name": "shell", "arguments": json.dumps(arguments)}}
    return [{"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": identity, "content": "from-the-model"}]


def shaped(mode, body, anthropic):
    """The request with the form of its mode."""
    if mode == "":
        return body
    messages = body["messages"]
    question = {"role": "user", "content": "next"}
    body["temperature"] = 0
    body["max_tokens"] = 60
    body["stop_sequences" if anthropic else "stop"] = ["<|im_end|>", "<|im_start|>"]
    body.pop("system", None)
    if mode == "turn" and body.get("tools") and not ends_with_result(messages):
        schema = {"type": "object", "required": ["command"], "additionalProperties": False,
                  "properties": {"command": {"type": "string", "enum": [COMMAND]}}}
        tool = {"name": "shell", "description": "Runs a command."}
        body["tools"] = [dict(tool, input_schema=schema) if anthropic else
                         {"type": "function", "function": dict(tool, parameters=schema)}]
        body["tool_choice"] = {"type": "any", "disable_parallel_tool_use": True} if anthropic else "required"
        if not anthropic:
            body["parallel_tool_calls"] = False
        done = {"role": "assistant", "content": "done"}
        body["messages"] = [m for n in range(2) for m in [question, *example_call(n, anthropic), done]] + [question]
        return body
    names = re.findall(r'<message\b[^>]*\bfrom="([^"]*)"', "\n".join(t for m in messages for t in texts(m)))
    answer = {"role": "assistant", "content": f'<message to="{names[-1] if names else "cli"}">done</message>'}
    body["messages"] = [question, answer] * 3 + [question]
    body.pop("tools", None)
    return body


class Front(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    upstream = None

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.forward("GET", re.sub(r"^/(say|turn)(?=/)", "", self.path), None)

    def do_POST(self):
        match = re.match(r"^(?:/(say|turn))?(/.*)$", self.path)
        mode, path = match.group(1) or "", match.group(2)
        if "chunked" in (self.headers.get("Transfer-Encoding") or ""):
            raw = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                raw += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = shaped(mode, json.loads(raw), path.startswith("/v1/messages"))
        self.forward("POST", path, json.dumps(body).encode())

    def forward(self, method, path, body):
        connection = http.client.HTTPConnection(self.upstream)
        connection.request(method, path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        self.close_connection = True
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.getheader("Content-Type") or "application/json")
        self.send_header("Connection", "close")
        self.end_headers()
        try:
            while piece := answer.read1(65536):
                self.wfile.write(piece)
                self.wfile.flush()
        except OSError:
            pass
        connection.close()


def main():
    server = start(sys.argv[1])
    Front.upstream = server.listening_address.removeprefix("http://")
    front = ThreadingHTTPServer(("127.0.0.1", 0), Front)
    front.daemon_threads = True
    threading.Thread(target=front.serve_forever, daemon=True).start()
    print(front.server_address[1], flush=True)
    sys.stdin.buffer.read()
    # The server's own threads do not end in order; nothing of theirs is worth waiting for.
    os._exit(0)


if __name__ == "__main__":
    main()
