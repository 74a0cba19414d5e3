"""Which data there are: collections, their items and metadata, and how each kind is read."""
