"""Apps that register themselves, by an initial access token or by a document of their own."""
