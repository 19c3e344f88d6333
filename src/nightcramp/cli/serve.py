"""The command that starts the app on this machine."""

from __future__ import annotations

import os
import sys

import click

NO_TLS = (
    "Without HTTPS whoever is on the same network can read along. Give --tls-cert and --tls-key, "
    "or let a reverse proxy such as Caddy on this machine pass on to 127.0.0.1, with --name NAME."
)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8321, show_default=True, type=click.IntRange(0, 65535))
@click.option("--name", "names", multiple=True, help="A name this machine is called by others.")
@click.option("--tls-cert", type=click.Path(exists=True, dir_okay=False), help="For HTTPS.")
@click.option("--tls-key", type=click.Path(exists=True, dir_okay=False), help="For HTTPS.")
@click.option("--open", "open_browser", is_flag=True, help="Open it in the browser.")
def serve(
    host: str,
    port: int,
    names: tuple[str, ...],
    tls_cert: str | None,
    tls_key: str | None,
    open_browser: bool,
) -> None:
    """Start the app: pages for your browser, on this machine only unless you say otherwise."""
    from nightcramp.app.server import Listening, run

    listening = Listening(host, port, names, tls_cert or "", tls_key or "")
    if not (listening.is_local or listening.secure or listening.is_behind_proxy):
        click.echo(NO_TLS, err=True)
    run(listening, lambda address: _say(address, open_browser))


def _say(address: str, open_browser: bool) -> None:
    click.echo(f"nightcramp is at {address}  (Ctrl+C stops it)")
    if open_browser and _has_screen():
        click.launch(address)


def _has_screen() -> bool:
    """Return whether a browser could be seen where this runs."""
    return sys.platform in ("darwin", "win32") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )
