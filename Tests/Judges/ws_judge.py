"""The library `websockets` as a server: python3 ws_judge.py [--cert FILE --key FILE]

It prints its port and ends when its input closes. It sends each message back; a few texts make it do more:
  ping            pings and answers with `pong came` once the client has answered
  fragments       sends one text in three frames
  close N REASON  closes with that code and reason
"""
import argparse, asyncio, os, ssl, sys, threading
from websockets.asyncio.server import serve

parser = argparse.ArgumentParser()
parser.add_argument("--cert")
parser.add_argument("--key")
options = parser.parse_args()


async def talk(socket):
    async for message in socket:
        if message == "ping":
            await (await socket.ping(b"are you there"))
            await socket.send("pong came")
        elif message == "fragments":
            await socket.send(["häl", "ft", "e"])
        elif isinstance(message, str) and message.startswith("close "):
            _, code, reason = message.split(" ", 2)
            await socket.close(int(code), reason)
        else:
            await socket.send(message)


async def main():
    context = None
    if options.cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.cert, options.key)
    async with serve(talk, "127.0.0.1", 0, ssl=context, max_size=16 << 20, compression=None) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        os._exit(0)


asyncio.run(main())
