"""A web server on this machine that behaves as badly as it is told to."""

from __future__ import annotations

import http.server
import re
import threading
import time


class Server:
    """Serves ``files`` (path -> bytes).

    Attributes:
        faults: what goes wrong with the next answers, one by one: ``"503"``, ``"cut"`` (the connection
            closes in the middle of what was to be sent), or ``""`` for a good answer.
        ranges: whether a Range is honoured.
        tag: the ETag of every file.
        claim: a Content-Length to send instead of the true one.
        pause: seconds between two blocks.
        sent: bytes of content sent with each answer.
        asked: the Range of each request, None for a request of everything.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.faults: list[str] = []
        self.ranges, self.tag, self.claim, self.pause = True, '"1"', None, 0.0
        self.sent: list[int] = []
        self.asked: list = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.answer(self)

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def answer(self, handler) -> None:
        content = self.files.get(handler.path)
        fault = self.faults.pop(0) if self.faults else ""
        asked = handler.headers.get("Range")
        self.asked.append(asked)
        self.sent.append(0)
        if content is None or fault == "503":
            handler.send_error(404 if content is None else 503)
            return
        first = int(re.fullmatch(r"bytes=(\d+)-", asked).group(1)) if asked and self.ranges else 0
        if first and first >= len(content):
            handler.send_error(416)
            return
        handler.send_response(206 if asked and self.ranges else 200)
        if asked and self.ranges:
            handler.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
        handler.send_header("Content-Length", str(self.claim or len(content) - first))
        handler.send_header("ETag", self.tag)
        handler.end_headers()
        self._send(handler, content[first : (first + len(content)) // 2 if fault == "cut" else None])

    def _send(self, handler, content: bytes) -> None:
        number = len(self.sent) - 1
        for start in range(0, len(content), 1 << 14):
            block = content[start : start + (1 << 14)]
            try:
                handler.wfile.write(block)
            except OSError:
                return  # the client is gone
            self.sent[number] += len(block)
            time.sleep(self.pause)
