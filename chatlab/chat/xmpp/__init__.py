"""The XMPP engine: one account kept up across connections, on slixmpp's stanzas and plugins.

slixmpp never sees a socket, a password or a byte from before the session: connecting, TLS, login
and stream management are the engine's own (``attempt``, ``negotiation``, ``login``,
``management``); slixmpp gets complete, guarded stanzas, and its answers go out through ``stream``.
"""
