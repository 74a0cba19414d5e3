"""The DAP server's data: granules as datasets, and their encoding in DAP2, DAP4 and files."""
