"""The lab’s XMPP server: accounts on ``localhost``, rooms on ``rooms.localhost``.

``listener`` has the sockets, ``reader`` parses, ``client`` is one stream from its header to its
stanzas, ``host`` the state of everything, ``routing`` the way of a stanza; ``queries`` answer
IQs, ``muc`` are the rooms. Only ``listener`` does IO, and ``keeping``, which writes accounts
to a file where they are to last.

In the same process, e.g. in a test::

    certificate = authority.issue(directory)
    server = XmppServer(Host({"alice": "password", "bob": "password"}))
    tls = tls_context(certificate.certificate_file, certificate.key_file)
    await server.start("127.0.0.1", 0, 0, tls)  # then server.plain_port, server.tls_port
    ...
    await server.stop()
"""
