"""A small and correct IRC server: rules without IO, and the listeners that feed them.

``lines`` and ``numerics`` are its vocabulary; ``client``, ``channel`` and ``network`` its state;
``commands`` what clients may ask, and who answers it; ``listener`` the only module
that knows sockets. Everything but ``listener`` can be tested by plain calls.
"""
