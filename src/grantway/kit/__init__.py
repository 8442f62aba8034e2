"""The lowest floor: clock, ids, secrets, JOSE, URLs, the HTTP records; knows nothing of OAuth, apps or databases."""
