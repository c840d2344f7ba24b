"""Free features: lineage, seeds, cancelling, deleting, downloads, Vary (Region) previews, settings of a person."""
