"""The real parts the tests stand on: PostgreSQL, Chromium, Asterisk, and SIP phones of our own."""
