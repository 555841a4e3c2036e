"""The groups of the `tierline` command line, one file a group."""
