"""The files of a home for its host: a process for each operation, inside the home's walls. See ../../PROTOCOL.md."""
