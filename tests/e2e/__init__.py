"""The whole way on a real Asterisk: phones do something, and everybody above tells the same story."""
