"""Channel modes in words, for the letters whose meaning all networks share."""

MODE_TITLES = {
    "i": "Invited people only",
    "m": "Moderated",
    "n": "Members only",
    "s": "Secret",
    "p": "Private",
    "t": "Protected topic",
    "k": "Key",
    "l": "Limit",
}
MODE_WORDS = {
    "i": "Nobody enters without an invitation.",
    "m": "Only operators and those with voice speak.",
    "n": "Nobody outside the channel can write into it.",
    "s": "In no list of channels, and not in WHOIS.",
    "p": "Lists of channels do not name it.",
    "t": "Only operators change the topic.",
    "k": "Who enters must know the key.",
    "l": "No more members than this.",
}
"""RFC 2811, section 4.2."""
LIST_TITLES = {
    "b": "Bans",
    "e": "Exceptions",
    "I": "Invitations",
    "q": "Quiets",
}
LIST_WORDS = {
    "b": "Whom these masks cover cannot enter or speak.",
    "e": "Whom these masks cover is let in although a ban covers them, too.",
    "I": "Whom these masks cover needs no invitation (with +i).",
    "q": "Whom these masks cover can be here, but not speak.",
}
FLAGS_SHOWN = "imntsp"
"""In this order; others follow by letter."""
