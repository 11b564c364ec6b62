"""The service over HTTP: the process, the application, and the rim at which requests come in and errors go out."""
