"""A TCP relay in front of a real server: counts connections, cuts them, lets them hang. For IMAP and SMTP."""

import asyncio


class Relay:
    """Passes bytes on between clients and one upstream port on loopback."""

    def __init__(self, name, upstream, judge):
        self.name, self.upstream, self.judge = name, upstream, judge
        self.open, self.port = set(), None

    async def start(self, port=0):
        self.server = await asyncio.start_server(self.handle, "127.0.0.1", port)
        self.port = self.server.sockets[0].getsockname()[1]
        return self.port

    async def handle(self, reader, writer):
        fault = self.judge.faults.of_frame(f"connect {self.name}")
        self.judge.note("frame", f"connect {self.name}", fault=fault and fault["mode"])
        if fault and fault["mode"] != "hang":
            writer.transport.abort()
            return
        self.open.add(writer)
        self.judge.ever += 1
        self.judge.touch()
        try:
            if fault:
                await reader.read()
                return
            other_reader, other_writer = await asyncio.open_connection("127.0.0.1", self.upstream)
            try:
                await asyncio.wait(
                    [
                        asyncio.ensure_future(self.copy(reader, other_writer)),
                        asyncio.ensure_future(self.copy(other_reader, writer)),
                    ],
                    return_when=asyncio.FIRST_COMPLETED,
                )
            finally:
                other_writer.close()
        except OSError:
            pass
        finally:
            writer.close()
            self.open.discard(writer)
            self.judge.touch()

    async def copy(self, reader, writer):
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass

    def kick(self):
        writers = list(self.open)
        for writer in writers:
            writer.transport.abort()
        return len(writers)
