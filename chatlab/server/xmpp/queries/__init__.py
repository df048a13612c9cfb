"""Queries to the server and to accounts: one module for each kind of IQ, ``dispatch`` in front."""
