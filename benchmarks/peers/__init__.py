"""One engine a file, each in its own best shape. All give the same rows for the same question, or say that they cannot."""
