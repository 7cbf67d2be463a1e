"""Records kinds of call on a real Asterisk, in worlds that differ in numbers, names and dialplan.

`python -m tests.e2e.record_tapes FOLDER` plays every scenario in the worlds it fits and leaves one tape each.
"""
