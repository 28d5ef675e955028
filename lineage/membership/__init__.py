"""Whose records lie in which segments, in large numbers and without a framework.

A membership says that a segment holds a record of a data subject. ``grouping`` brings memberships
in order, ``spool`` does so for more than memory holds, ``rows`` writes them as PostgreSQL reads
them, and ``file_index`` answers from sorted files.
"""
