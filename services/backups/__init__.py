"""Backup and restore: one consistent dump of every schema, the files beside it, and a manifest that both
are held to. What a restored database means for the broker is in docs/backup.md.
"""
