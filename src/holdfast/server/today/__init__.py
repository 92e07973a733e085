"""Today: do our customers stay, who needs looking after, what changed. The first page, and the weekly report by e-mail.

telling   what the analyst tells: sentence, tiles, the bridge, groups of people, last week against the week before
today     what other rooms may ask: the sentence of now
jobs      the weekly report
"""
