"""What a client can do: one file per endpoint. A `Call` comes in, a `Reply` goes out; nothing here knows HTTP libraries."""
