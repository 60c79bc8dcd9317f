"""Everything that talks to the world outside the chats."""
