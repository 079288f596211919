"""From a specialised function to the text of a C function."""
