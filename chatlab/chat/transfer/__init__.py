"""Direct connections between two people's programs: files and chats past the server."""
