"""What the files build and what a server has, in one form that can be compared."""
