"""What every platform has to do alike, tried on each of them behind its emulator.

A platform says in its `cannot` what it has no way to do; such a check is skipped with that reason.
"""
