"""The command line: a client of the AWS protocols, and the server's starter."""
