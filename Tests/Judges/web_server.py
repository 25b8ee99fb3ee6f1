"""An HTTP server for the tests of the channels' client: python3 web_server.py [--cert FILE --key FILE]

It prints its port and ends when its input closes. Paths:
  /echo           JSON of method, path, headers, length and SHA-256 of the body, and the connection's number
  /multipart      JSON of the parts as Python's MIME parser reads them
  /bytes/N        N bytes with a length; /chunked/N in chunks without one
  /cut/N          announces N bytes, sends half and closes; /drop closes without an answer
  /hang           never answers
  /status/N       that status, with Retry-After: 7
  /to?URL         redirects to the URL
"""
import argparse, email.parser, email.policy, hashlib, http.server, json, os, ssl, sys, threading, urllib.parse

parser = argparse.ArgumentParser()
parser.add_argument("--cert")
parser.add_argument("--key")
options = parser.parse_args()
counter = 0
names = []


def pattern(count):
    block = bytes(range(251))
    return (block * (count // 251 + 1))[:count]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        global counter
        super().setup()
        counter += 1
        self.number = counter

    def log_message(self, *_):
        pass

    def body(self):
        if self.headers.get("transfer-encoding", "").lower() == "chunked":
            whole = b""
            while size := int(self.rfile.readline(), 16):
                whole += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return whole
        return self.rfile.read(int(self.headers.get("content-length", 0)))

    def reply(self, body, status=200, type="application/json", **fields):
        self.send_response(status)
        self.send_header("content-type", type)
        self.send_header("content-length", str(len(body)))
        for name, value in fields.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def any(self):
        body = self.body()
        path, _, query = self.path.partition("?")
        word, _, rest = path[1:].partition("/")
        if word == "echo":
            facts = {
                "method": self.command, "path": self.path, "length": len(body), "connection": self.number,
                "sha256": hashlib.sha256(body).hexdigest(), "names": names,
                "headers": {name.lower(): value for name, value in self.headers.items()},
            }
            self.reply(json.dumps(facts).encode())
        elif word == "multipart":
            head = f"content-type: {self.headers['content-type']}\r\n\r\n".encode()
            message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
            parts = [
                {
                    "name": part.get_param("name", header="content-disposition"), "file": part.get_filename(),
                    "type": part.get_content_type(), "sha256": hashlib.sha256(part.get_payload(decode=True)).hexdigest(),
                }
                for part in message.iter_parts()
            ]
            self.reply(json.dumps({"parts": parts, "length": self.headers["content-length"]}).encode())
        elif word == "bytes":
            self.reply(pattern(int(rest)), type="application/octet-stream")
        elif word == "chunked":
            self.send_response(200)
            self.send_header("content-type", "text/x-pattern")
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()
            data = pattern(int(rest))
            for start in range(0, len(data), 10000):
                chunk = data[start : start + 10000]
                self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
            self.wfile.write(b"0\r\n\r\n")
        elif word == "cut":
            self.send_response(200)
            self.send_header("content-length", rest)
            self.end_headers()
            self.wfile.write(pattern(int(rest) // 2))
            self.wfile.flush()
            self.close_connection = True
        elif word == "drop":
            self.close_connection = True
        elif word == "hang":
            threading.Event().wait()
        elif word == "status":
            self.reply(b'{"error":"no"}', status=int(rest), retry_after="7")
        elif word == "to":
            self.reply(b"", status=302, location=urllib.parse.unquote(query))
        else:
            self.reply(b"", status=404)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = any


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass


server = Server(("127.0.0.1", 0), Handler)
if options.cert:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.cert, options.key)
    context.sni_callback = lambda _, name, __: names.append(name)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
print(server.server_port, flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
os._exit(0)
