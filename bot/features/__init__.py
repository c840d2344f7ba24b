"""Use cases that cost nothing: lineage, seeds, cancelling, deleting, downloads, settings of a person."""
