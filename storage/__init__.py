"""Where everything is kept. SQLAlchemy lives here and nowhere else; what comes out are domain values."""
