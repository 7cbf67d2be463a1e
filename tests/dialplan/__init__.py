"""The files an admin includes do on a real Asterisk what their comments promise."""
