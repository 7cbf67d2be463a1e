"""What talks to other systems."""
