"""What statements and programs would do, asked of the server before they run."""
