"""Checkpoints: what a session is made of, as a stream of bytes. See ../../PROTOCOL.md."""
