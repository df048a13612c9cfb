"""``chatlab serve``: the lab server alone, for a classroom."""

from collections.abc import Sequence

from chatlab.server.foreground import serve as serve_in_foreground
from chatlab.server.process import read_account
from chatlab.store.paths import find_paths


def serve(
    bind: str,
    plain_port: int,
    tls_port: int,
    xmpp_port: int,
    xmpp_tls_port: int,
    accounts: Sequence[str],
    *,
    asks_captcha: bool = False,
) -> int:
    """Run until Ctrl-C; says what it exposes. Raises ChatlabError when it cannot listen."""
    directory = find_paths().data / "server"
    serve_in_foreground(
        directory,
        bind=bind,
        plain_port=plain_port,
        tls_port=tls_port,
        xmpp_port=xmpp_port,
        xmpp_tls_port=xmpp_tls_port,
        accounts=dict(read_account(text) for text in accounts),
        asks_captcha=asks_captcha,
    )
    return 0
