"""Slack, by slack-bolt. Without imports, so that the manifest and the renderer need no Bolt."""
