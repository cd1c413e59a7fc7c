"""The Lambda runtime API, as far as one function needs it, which also tells when the function first asked.

Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import http.server
import json
import queue
import threading
import time


class RuntimeApi:
    """Hands events to the function that asks on this port, one at a time."""

    def __init__(self):
        self.events = queue.Queue()
        self.answers = queue.Queue()
        self.first_poll = None
        api = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                api.first_poll = api.first_poll or time.monotonic()
                number, event = api.events.get()
                self.reply(json.dumps(event).encode(), {
                    "Lambda-Runtime-Aws-Request-Id": f"00000000-0000-4000-8000-{number:012}",
                    "Lambda-Runtime-Deadline-Ms": str(int(time.time() * 1000) + 900_000),
                    "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-central-1:123456789012:function:bench",
                })

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])) if "Content-Length" in self.headers else self.chunks()
                self.reply(b"", {}, status=202)
                api.answers.put((self.path.endswith("/response"), json.loads(body)))

            def chunks(self):
                body = b""
                while size := int(self.rfile.readline(), 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                return body

            def reply(self, body, headers, status=200):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = f"127.0.0.1:{self.server.server_port}"
        self.environment = {
            "AWS_LAMBDA_RUNTIME_API": self.address,
            "AWS_LAMBDA_FUNCTION_NAME": "bench",
            "AWS_LAMBDA_FUNCTION_VERSION": "1",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        }

    def invoke(self, event, number=1):
        """Returns the function's answer to the event."""
        self.events.put((number, event))
        is_answer, body = self.answers.get(timeout=900)
        if not is_answer:
            raise SystemExit(f"the invocation failed: {body}")
        return body

    def wait_for_first_poll(self):
        """When the function first asked for an event."""
        while self.first_poll is None:
            time.sleep(0.0005)
        return self.first_poll

    def close(self):
        self.server.shutdown()
        self.server.server_close()
