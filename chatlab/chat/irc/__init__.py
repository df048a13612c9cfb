"""The IRC engine. ``connection.IrcConnection`` is its face; import it after the first paint, as the
``irc`` package below it takes a sixth of a second to load.
"""
