"""One small class a job; a method is one transaction."""
