"""ChatLab: a chat client that shows the exact frames behind every message."""

__version__ = "0.1.0"
