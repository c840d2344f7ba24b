"""Prices, the ledger and the balance: what the relay charges, read in the background; no press waits for it."""
