"""The launcher and the supervisor: everything between a silo's socket and a driver. See ../PROTOCOL.md."""
