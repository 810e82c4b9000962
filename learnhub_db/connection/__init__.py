"""Where a database is, as whom, and how encrypted."""
