"""Every example of every feature, as every renderer draws it: one JSON file each, reviewed like code."""
