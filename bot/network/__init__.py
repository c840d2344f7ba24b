"""How every connection is made: names as the system resolves them, and the operator's proxy."""
