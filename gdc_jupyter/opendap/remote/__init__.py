"""DAP servers from the other side: addresses asked of OUS, and granules opened as one lazy dataset."""
