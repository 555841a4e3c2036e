"""Takes mail on port 1025 and shows it on port 8025, in the form of Mailpit's API."""

from __future__ import annotations

import email
import email.policy
import json
import signal
import sys
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller

MAILS: list[dict[str, Any]] = []


class Keep:
    """aiosmtpd's handler."""

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        body = mail.get_body(("plain",))
        MAILS.append(
            {
                "ID": str(len(MAILS)),
                "To": [{"Address": one} for one in envelope.rcpt_tos],
                "Subject": str(mail["Subject"]),
                "Text": str(body.get_content()) if body else "",
            }
        )
        return "250 kept"


class Show(BaseHTTPRequestHandler):
    """GET /api/v1/messages, and /api/v1/message/ID with its text."""

    def do_GET(self) -> None:
        if self.path.startswith("/api/v1/messages"):
            self._answer({"messages": [{**mail, "Text": None} for mail in reversed(MAILS)]})
        elif self.path.startswith("/api/v1/message/"):
            self._answer(MAILS[int(self.path.rpartition("/")[2])])
        else:
            self.send_error(404)

    def _answer(self, what: object) -> None:
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(what).encode())

    def log_message(self, *_: object) -> None:
        """Nothing: nobody reads it."""


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    Controller(Keep(), hostname="", port=1025).start()
    ThreadingHTTPServer(("", 8025), Show).serve_forever()
