"""What starts the program: the HTTP application and the commands. Only here are settings read and parts put together."""
