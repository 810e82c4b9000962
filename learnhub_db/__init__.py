"""Schema-first migrations and stored programs for MySQL."""
