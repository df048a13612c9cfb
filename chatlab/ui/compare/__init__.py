"""The comparison view: the same words on several connections, who learns them, handshakes."""
