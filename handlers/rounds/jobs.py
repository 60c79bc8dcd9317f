"""What rounds do unasked: close."""

from handlers.rounds.service import close_due as close_due
