"""The routes of OUS and of the DAP server."""
