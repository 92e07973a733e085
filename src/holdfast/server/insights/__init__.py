"""Every analysis as a page; reports and audiences kept; Today."""
