"""Rooms (XEP-0045): ``room`` is the state, ``service`` the way in, the others what happens there."""
