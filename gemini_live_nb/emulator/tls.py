"""A certificate for 127.0.0.1, made on the spot: google-genai and all built on it dial `wss://` only."""

from __future__ import annotations

import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass(frozen=True, slots=True)
class Certificate:
    """A server certificate and the file a client must trust."""

    context: ssl.SSLContext
    ca_file: Path
    """PEM of the authority that signed it, for `SSL_CERT_FILE`. The authority's key was never kept."""

    def remove(self) -> None:
        """Delete the file."""
        self.ca_file.unlink(missing_ok=True)


def certificate() -> Certificate:
    """Make a certificate for 127.0.0.1, ::1 and localhost. Takes a moment: call it off the event loop."""
    authority = trustme.CA(organization_name="gemini-live-nb emulator")
    server = authority.issue_cert("127.0.0.1", "::1", "localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.configure_cert(context)
    with tempfile.NamedTemporaryFile(prefix="gemini-live-emulator-", suffix=".pem", delete=False) as file:
        file.write(authority.cert_pem.bytes())
    return Certificate(context, Path(file.name))
