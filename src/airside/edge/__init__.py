"""Where requests come in: the HTTP server, host routing and the request pipeline."""
