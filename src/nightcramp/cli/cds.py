"""The commands for institutions: the decision support service, and a check of its settings."""

from __future__ import annotations

from pathlib import Path

import click

SETTINGS = click.option(
    "--settings", "path", type=click.Path(path_type=Path, dir_okay=False), help="A TOML file."
)


@click.group()
def cds() -> None:
    """Decision support for record systems (CDS Hooks 2.0, SMART); keeps no health data."""


@cds.command()
@SETTINGS
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8322, show_default=True, type=click.IntRange(0, 65535))
@click.option("--tls-cert", type=click.Path(exists=True, dir_okay=False), help="For HTTPS.")
@click.option("--tls-key", type=click.Path(exists=True, dir_okay=False), help="For HTTPS.")
@click.option("--fetch", is_flag=True, help="Fetch what a call left out, from set servers only.")
def serve(
    path: Path | None,
    host: str,
    port: int,
    tls_cert: str | None,
    tls_key: str | None,
    fetch: bool,
) -> None:
    """Start the service. Without clients in the settings only this machine may call."""
    from nightcramp.app.server import Listening
    from nightcramp.cds.server import run
    from nightcramp.cds.settings import Settings, read_settings

    settings = read_settings(path) if path else Settings()
    names = (settings.name,) if settings.client else ()
    listening = Listening(host, port, names, tls_cert or "", tls_key or "")

    def started(address: str) -> None:
        click.echo(f"nightcramp answers at {address}  (Ctrl+C stops it)")
        if not settings.client:
            click.echo("No clients are set: only this machine may call, and nobody is asked who.")

    run(settings, listening, started, fetches=fetch)
