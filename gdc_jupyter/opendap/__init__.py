"""OPeNDAP: from collections, granules, variables and a box to URLs (OUS), and the encoding of what they stand for."""
