"""A session as bytes and back: what a checkpoint holds of Python. See ../../PROTOCOL.md."""
