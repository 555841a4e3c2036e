"""The auditor: recomputes from public topics which deadlines fell due, and compares with what was said."""
