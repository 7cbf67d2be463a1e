"""Tests of the room that talks with Asterisk."""
