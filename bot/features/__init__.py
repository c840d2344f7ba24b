"""Free features: lineage, seeds, canceling, deleting, downloads, Vary (Region) previews, each person's settings."""
