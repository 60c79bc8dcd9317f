"""Cercle: a chat bot for circles of volunteer ambassadors."""
