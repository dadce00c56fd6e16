"""Lets pages open whose certificate no authority has signed, for named hosts only."""

import base64
import hashlib
import ssl
import warnings

from ...config.browser_settings import BrowserSettings
from ...env import EnvUnavailable
from .identity import parse_host

_CONNECT_S = 10.0


def certificate_switches(settings: BrowserSettings) -> tuple[str, ...]:
    """Chromium's switches to accept the keys that the hosts in `ignore_certificates` use now, and no others.

    They are fetched directly: not through `proxy`, and whatever `allow_hosts` allows.

    Raises:
        EnvUnavailable: a host cannot be reached; one line.
    """
    if not settings.ignore_certificates:
        return ()
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    from cryptography.x509 import load_pem_x509_certificate

    keys: list[str] = []
    for host in settings.ignore_certificates:
        try:
            certificate = load_pem_x509_certificate(
                ssl.get_server_certificate(parse_host(host), timeout=_CONNECT_S).encode()
            )
        except OSError as error:
            raise EnvUnavailable(f"the certificate of {host} cannot be read: {error.strerror or error}") from error
        key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        keys.append(base64.b64encode(hashlib.sha256(key).digest()).decode())
        warnings.warn(f"the certificate of {host} is not checked", RuntimeWarning, stacklevel=2)
    return (f"--ignore-certificate-errors-spki-list={','.join(keys)}",)
