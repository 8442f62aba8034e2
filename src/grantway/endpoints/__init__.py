"""What a client can do: one file per endpoint. A `Call` comes in, a `Reply` goes out; no HTTP library is known here."""
