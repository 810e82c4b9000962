"""Running the statements of a file through the journal, so that a crash leaves them to be taken up."""
