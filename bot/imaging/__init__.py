"""Pictures: downloaded safely, checked, converted, cut, and masked, in a process of their own."""
