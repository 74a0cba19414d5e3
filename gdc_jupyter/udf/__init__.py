"""Code of the user: run in a process of its own, within limits, by the contract of the openEO client."""
