"""Several processes, on one machine or many: each trains on its part of every batch, and all have the same weights."""
