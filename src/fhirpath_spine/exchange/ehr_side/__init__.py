"""What the other side does, for tools that play or prepare it: calls, invented patients, scopes, registration, key sets."""
