"""A proxy that delays the answers of a server, as a distance to it would, and counts the requests."""

import asyncio
import contextlib
import multiprocessing
import re
import socket

REQUEST = re.compile(rb"\b(GET|HEAD|PUT|POST|DELETE) [^\r\n]* HTTP/1\.1\r\n")


class Latency:
    """A proxy in a process of its own, so that it is not counted."""

    def __init__(self, port, millis):
        listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self.counted = multiprocessing.Value("Q")
        self.process = multiprocessing.Process(target=serve, args=(listener, port, millis / 1000, self.counted), daemon=True)
        self.process.start()
        listener.close()

    def close(self):
        self.process.kill()
        self.process.join()


def serve(listener, port, seconds, counted):
    asyncio.run(accept(listener, port, seconds, counted))


async def accept(listener, port, seconds, counted):
    async def connect(reader, writer):
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(forward(reader, server_writer, 0, counted), forward(server_reader, writer, seconds, None))

    async with await asyncio.start_server(connect, sock=listener) as server:
        await server.serve_forever()


async def forward(reader, writer, seconds, counted):
    """Copies what is read, in its order, each piece so many seconds after it came."""
    loop = asyncio.get_running_loop()
    pieces = asyncio.Queue()

    async def write():
        while (piece := await pieces.get()) is not None:
            due, content = piece
            if (wait := due - loop.time()) > 0:
                await asyncio.sleep(wait)
            writer.write(content)
            await writer.drain()
        writer.close()

    writing = asyncio.create_task(write())
    with contextlib.suppress(ConnectionError):
        while content := await reader.read(65_536):
            if counted is not None:
                with counted.get_lock():
                    counted.value += len(REQUEST.findall(content))
            pieces.put_nowait((loop.time() + seconds, content))
    pieces.put_nowait(None)
    with contextlib.suppress(ConnectionError):
        await writing
