"""Filling a database from files, whole or in slices, once."""
