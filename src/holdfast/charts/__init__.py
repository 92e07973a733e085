"""Figures: plain tables in, Plotly figures out, in one palette; a file a subject, `image` for PNG and offline HTML."""
