"""A WebSocket server that sends bytes as told, without any library: python3 ws_raw.py

It prints its port and ends when its input closes. Paths:
  /send/HEX       sends the bytes behind the handshake, answers a close frame with its code, else says nothing
  /drop/HEX       the same, then cuts the connection
  /mute           takes everything and answers nothing, not even pings or close frames
  /flood/N        sends N text messages of 1 KiB, then a close frame with 1000
  /status/N       answers the handshake with that status
  /badaccept, /extension   a 101 with a wrong key or an extension nobody asked for
  /log            JSON of the last connection: request headers, the client's frames, whether all were masked, and how
                  many bytes of a flood could be sent
"""
import base64, hashlib, json, os, socket, struct, sys, threading

log = {}


def read(stream, count):
    data = stream.read(count)
    if data is None or len(data) < count:
        raise EOFError
    return data


def frames(stream):
    while True:
        first, second = read(stream, 2)
        length = second & 127
        if length == 126:
            (length,) = struct.unpack("!H", read(stream, 2))
        elif length == 127:
            (length,) = struct.unpack("!Q", read(stream, 8))
        if not second & 128:
            log["masked"] = False
            yield first, read(stream, length)
            continue
        key = read(stream, 4)
        data = read(stream, length)
        yield first, bytes(byte ^ key[index % 4] for index, byte in enumerate(data))


# Set when a connection is over; of the last one, and by connection.
over = threading.Event()
ends = {}


def serve(connection):
    global log, over
    stream = connection.makefile("rb")
    target = stream.readline().split()[1].decode()
    headers = {}
    while (line := stream.readline().strip().decode()) :
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    _, word, rest = (target.split("?")[0].split("/") + [""])[:3]
    if word == "log":
        # What the client wrote last is still on its way when it asks at once.
        if log.get("target", "").startswith("/send"):
            over.wait(2)
        body = json.dumps(log).encode()
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%s" % (len(body), body))
        return
    if word == "status":
        connection.sendall(f"HTTP/1.1 {rest} No\r\ncontent-length: 2\r\n\r\nno".encode())
        return
    log = {"headers": headers, "frames": [], "masked": True, "target": target}
    mine, over = log, threading.Event()
    ends[connection] = over
    key = headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
    if word == "badaccept":
        accept = base64.b64encode(b"x" * 20).decode()
    answer = f"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: {accept}\r\n"
    if word == "extension":
        answer += "sec-websocket-extensions: permessage-deflate\r\n"
    # In one write with the first frames: they must not be lost in the change from HTTP.
    connection.sendall(answer.encode() + b"\r\n" + (bytes.fromhex(rest) if word in ("send", "drop") else b""))
    if word == "drop":
        return
    if word == "flood":
        def flood():
            for _ in range(int(rest)):
                connection.sendall(b"\x81\x7e\x04\x00" + b"x" * 1024)
                mine["flooded"] = mine.get("flooded", 0) + 1
            connection.sendall(b"\x88\x02\x03\xe8")
        threading.Thread(target=flood, daemon=True).start()
    for first, data in frames(stream):
        mine["frames"].append([first, data.hex()])
        if first & 15 == 8 and word != "mute":
            if word == "send":
                connection.sendall(b"\x88" + bytes([len(data)]) + data)
            return


def guarded(connection):
    try:
        serve(connection)
    except (EOFError, OSError):
        pass
    finally:
        if connection in ends:
            ends.pop(connection).set()
        try:
            connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        connection.close()


listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)


def accept():
    while True:
        threading.Thread(target=guarded, args=(listener.accept()[0],), daemon=True).start()


threading.Thread(target=accept, daemon=True).start()
sys.stdin.read()
os._exit(0)
