"""OUS, the OPeNDAP URL service: from collections, granules, variables and a box to addresses."""
