"""Long work: each batch job and each synchronous request in a process of its own, and what is kept of it."""
