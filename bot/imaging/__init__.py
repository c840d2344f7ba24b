"""Pictures: download, validate, re-encode, split and mask them; the pixel work runs in a child process."""
