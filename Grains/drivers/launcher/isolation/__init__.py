"""The walls around an interpreter. What each promises, and how it is attacked, is in deploy/docs/security.md."""
