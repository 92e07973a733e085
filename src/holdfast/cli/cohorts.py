"""`holdfast cohorts`."""
