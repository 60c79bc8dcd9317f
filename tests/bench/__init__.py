"""`make bench`: ours against the others, as ratios measured in one run. The peers' code is in `peer_*.py`."""
