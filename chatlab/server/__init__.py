"""The embedded lab server: an IRC network of its own, for the exercise and for the tests.

``irc`` is the server, ``authority`` its certificates, ``service`` puts them together;
``process`` runs that as a child, ``lab`` is the parent's side of it, ``foreground`` serves a class.
"""
