"""The command that sets a passphrase, at the machine itself."""

from __future__ import annotations

import click


@click.command()
@click.option("--remove", is_flag=True, help="Take it away: this machine opens the diary freely.")
def passphrase(remove: bool) -> None:
    """Set the passphrase of a person's pages; it is typed twice and not shown.

    Every browser is signed out. `--person NAME` says whose it is.
    """
    from nightcramp.app.access.passphrases import SHORTEST, remove_passphrase, set_passphrase
    from nightcramp.store.database import opened

    with opened() as store:
        who = store.who
    if remove:
        remove_passphrase(who.key)
        click.echo(f"{who.name} has no passphrase now. Only this machine can open the diary.")
        return
    words = click.prompt(
        f"New passphrase for {who.name} (at least {SHORTEST} characters)",
        hide_input=True,
        confirmation_prompt="The same once more",
    )
    set_passphrase(who.key, words)
    click.echo(f"The passphrase of {who.name} is set. Every browser is signed out.")
