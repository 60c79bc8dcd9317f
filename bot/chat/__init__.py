"""The vocabulary: what the programme says and hears, whatever the chat. Standard library only.

Above this package stand the features, below it the platforms; both import it, neither imports the other.
"""
