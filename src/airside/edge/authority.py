"""TLS on request: an authority of this data folder, and certificates for local names.

The authority's certificate may be trusted by a browser; its key never leaves the folder, is
readable by its owner only, and can sign for local names alone: others refuse what it says about
any other name, because the certificate says so.
"""

import contextlib
import datetime
import ipaddress
import os
import ssl
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from airside.kernel import Clock

AUTHORITY_FILE = "authority.pem"
_KEY_FILE = "authority.key"
_AUTHORITY_DAYS: Final = 3650
_LEAF_DAYS: Final = 397
"""Browsers accept no more."""
_RENEWED_DAYS: Final = 30
_NAMES_MAX: Final = 512
_LOCAL = ("localhost",)
_ZONES = ("s3", "s3-website", "cloudfront", "execute-api", "lambda-url")


class Authority:
    """Signs for local names, and knows them by the name a client asks for."""

    def __init__(self, folder: Path, host: str, clock: Clock) -> None:
        self._folder = folder
        self._host = host
        self._clock = clock
        self._contexts: dict[str, ssl.SSLContext] = {}
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._certificate, self._key = self._load() or self._make()

    @property
    def path(self) -> Path:
        """The certificate that people may trust."""
        return self._folder / AUTHORITY_FILE

    def context(self) -> ssl.SSLContext:
        """What listeners need: HTTP/2 and HTTP/1.1, a certificate for every local name."""
        zones = [f"*.{zone}.localhost" for zone in _ZONES]
        found = self._context_for(["localhost", *zones])
        found.sni_callback = self._choose
        return found

    def _now(self) -> datetime.datetime:
        return datetime.datetime.fromtimestamp(self._clock.now(), datetime.UTC)

    def _load(self) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None:
        """The authority as it was made earlier, unless it has nearly expired or is damaged."""
        try:
            certificate = x509.load_pem_x509_certificate(self.path.read_bytes())
            key = serialization.load_pem_private_key((self._folder / _KEY_FILE).read_bytes(), None)
        except (OSError, ValueError):
            return None
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            return None
        left = certificate.not_valid_after_utc - self._now()
        return (certificate, key) if left.days > _RENEWED_DAYS else None

    def _make(self) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
        key = ec.generate_private_key(ec.SECP256R1())
        serial = x509.random_serial_number()
        name = _name(f"Airside local authority {serial:x}"[:60])
        permitted: list[x509.GeneralName] = [x509.DNSName(local) for local in _LOCAL]
        permitted += [
            x509.IPAddress(ipaddress.ip_network(network)) for network in ("127.0.0.0/8", "::1/128")
        ]
        permitted += _of_host(self._host, network=True)
        certificate = (
            self._builder(name, name, key.public_key(), _AUTHORITY_DAYS, serial)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .add_extension(x509.NameConstraints(permitted, None), critical=True)
            .sign(key, hashes.SHA256())
        )
        _write(self._folder / _KEY_FILE, _private(key), 0o600)
        _write(self.path, certificate.public_bytes(serialization.Encoding.PEM), 0o644)
        return certificate, key

    def _builder(
        self, subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int,
        serial: int,
    ) -> x509.CertificateBuilder:  # fmt: skip
        now = self._now()
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key)
            .serial_number(serial)
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=days - 1))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        )

    def _choose(
        self, connection: ssl.SSLObject, name: str | None, _context: ssl.SSLContext
    ) -> None:  # fmt: skip
        """A certificate for a name that the first one does not cover: zones of environments."""
        if name is None or not name.endswith(".localhost"):
            return
        _, _, parent = name.partition(".")
        if parent.removesuffix(".localhost") in _ZONES:
            return
        # Nobody accepts `*.localhost`: what stands directly below it gets a name of its own.
        wanted = name if parent == "localhost" else f"*.{parent}"
        found = self._contexts.get(wanted)
        if found is None:
            if len(self._contexts) >= _NAMES_MAX:
                self._contexts.clear()
            try:
                found = self._contexts[wanted] = self._context_for([wanted])
            except ValueError:  # a name that is none
                return
        connection.context = found

    def _context_for(self, names: list[str]) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _name(names[0][:60])
        serial = x509.random_serial_number()
        alternatives: list[x509.GeneralName] = [x509.DNSName(name) for name in names]
        alternatives += [
            x509.IPAddress(ipaddress.ip_address(address)) for address in ("127.0.0.1", "::1")
        ]
        alternatives += _of_host(self._host, network=False)
        signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        leaf = (
            self._builder(subject, self._certificate.subject, key.public_key(), _LEAF_DAYS, serial)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
            .add_extension(signer, critical=False)
            .sign(self._key, hashes.SHA256())
        )
        chain = [leaf, self._certificate]
        pem = b"".join(one.public_bytes(serialization.Encoding.PEM) for one in chain)
        return self._loaded(pem + _private(key))

    def _loaded(self, pem: bytes) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["h2", "http/1.1"])
        path = self._folder / "server.pem"  # the library reads files only
        try:
            _write(path, pem, 0o600)
            context.load_cert_chain(path)
        finally:
            with contextlib.suppress(OSError):
                path.unlink()
        return context


def _of_host(host: str, *, network: bool) -> list[x509.GeneralName]:
    """The address that the server listens on, where that is not a local one anyway."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return []
    if address.is_loopback or address.is_unspecified:
        return []
    return [x509.IPAddress(ipaddress.ip_network(host) if network else address)]


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, key_cert_sign=signs_certificates,
        crl_sign=signs_certificates, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, data: bytes, mode: int) -> None:
    temporary = path.with_suffix(".new")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(data)
    temporary.replace(path)
