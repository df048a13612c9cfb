"""A small and correct IRC server: rules without IO, and the listeners that feed them.

``lines`` and ``numerics`` are its vocabulary; ``client``, ``channel`` and ``network`` its state;
``commands`` what clients may ask (``dispatch`` picks the handler); ``listener`` the only module
that knows sockets. Everything but ``listener`` can be tested by plain calls.
"""
