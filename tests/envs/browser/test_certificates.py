"""Pages with a certificate that no authority has signed."""

import ssl
import threading
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from screenwright import ActionRefused, BrowserEnv, EnvUnavailable, Navigate
from screenwright.envs.browser import BrowserSettings


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"hi")

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


@contextmanager
def secure_site(folder: Path) -> Generator[str]:
    """Host and port of a site with a self-signed certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.browser
def test_self_signed_page_opens_only_if_its_host_is_named(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with secure_site(tmp_path) as host, secure_site(tmp_path / "other") as other:
        settings = BrowserSettings(ignore_certificates=(host,))
        with BrowserEnv(f"https://{host}/", settings=settings) as env:
            with pytest.warns(RuntimeWarning, match=f"the certificate of {host} is not checked"):
                assert env.observe().location == f"https://{host}/"
            with pytest.raises(ActionRefused, match=f"ERR_CERT.*run with --ignore-certificate {other}"):
                env.execute(Navigate(f"https://{other}/"))
            assert env.info().settings["certificates not checked"] == host


@pytest.mark.browser
def test_host_whose_certificate_cannot_be_read_is_a_one_line_error() -> None:
    settings = BrowserSettings(ignore_certificates=("127.0.0.1:1",))
    message = r"the certificate of 127\.0\.0\.1:1 cannot be read"
    with BrowserEnv(settings=settings) as env, pytest.raises(EnvUnavailable, match=message) as refused:
        env.observe()
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("host", ["https://localhost", "localhost/path", "", "localhost:x"])
def test_invalid_host_is_an_error_before_a_browser_starts(host: str) -> None:
    with pytest.raises(ValueError, match="is not a host: write one such as localhost:8443"):
        BrowserEnv(settings=BrowserSettings(ignore_certificates=(host,)))
