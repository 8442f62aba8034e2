"""May this client, this user use this app here, now? Checks as pure functions of records; no I/O."""
