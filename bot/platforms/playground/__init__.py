"""The third platform: a chat in the browser, no account needed. Everything it remembers is in memory."""
