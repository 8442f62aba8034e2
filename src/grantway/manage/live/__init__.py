"""What users granted that still stands: defined once, counted, ended."""
