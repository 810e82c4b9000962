"""Procedures, functions, triggers, views, events and their rights: read, compared, put in the place of others."""
