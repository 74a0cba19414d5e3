"""Process graphs in other forms: objects of the openEO client, jobs, files, Python code. Nothing is computed here."""
