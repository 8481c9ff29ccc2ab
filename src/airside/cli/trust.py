"""The authority of `up --tls`: where it is, whether this machine trusts it, how it can."""

import platform
import ssl
from pathlib import Path


def authority_of(data_dir: Path) -> Path | None:
    """The authority's certificate, if there is one already."""
    path = data_dir.resolve() / "tls" / "authority.pem"
    return path if path.exists() else None


def is_trusted(path: Path) -> bool:
    """Whether programs that ask the system trust the authority. Browsers may ask elsewhere."""
    try:
        certificate = ssl.PEM_cert_to_DER_cert(path.read_text())
    except (OSError, ValueError):
        return False
    return certificate in ssl.create_default_context().get_ca_certs(binary_form=True)


def command(path: Path) -> str:
    """What makes this machine trust it."""
    if platform.system() == "Darwin":
        return (
            "security add-trusted-cert -r trustRoot "
            f"-k ~/Library/Keychains/login.keychain-db '{path}'"
        )
    if platform.system() == "Windows":
        return f'certutil -user -addstore Root "{path}"'
    return (
        f"sudo cp '{path}' /usr/local/share/ca-certificates/airside.crt && "
        "sudo update-ca-certificates"
    )


def instructions(path: Path) -> list[str]:
    """What to say below the addresses."""
    if is_trusted(path):
        return ["[dim]This machine trusts the authority.[/dim]"]
    return [
        "The certificates are signed by an authority of this data folder, which nobody trusts yet.",
        f"It can sign for local names only. To trust it: [bold]{command(path)}[/bold]",
        "Chromium and Firefox on Linux have a store of their own: Settings, Certificates, "
        "Authorities, Import.",
        f"[dim]For one program: AWS_CA_BUNDLE, NODE_EXTRA_CA_CERTS or curl --cacert {path}[/dim]",
    ]
