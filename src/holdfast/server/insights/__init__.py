"""Every analysis as a page, and the people behind its numbers. See docs/insights.md.

In the web, without numpy:
    listed, catalogue, controls   the pages, and what can be chosen on each: the options of its verb
    spec                  what an address asks: a slug, choices, a cell
    asked, kept           the answer that is kept, or word that it is being worked on
    views, behind, initiatives, forms   the pages
    api                   the same over HTTP
In the analyst:
    errands, working      asking once for all who wait, and replying in time
    asking                from choices to the question, as the command line makes it
    telling, pictures, beside, cells, rate   the answer as HTML and figures, with links to people
"""
