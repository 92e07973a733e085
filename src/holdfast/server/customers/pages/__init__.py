"""The pages of this room. Views are thin: they ask `known` who somebody is, and the files beside for what we keep of her.

customers  search and list              customer  one customer: frame, panel, timeline, traits, what is new
caring     notes, tags, consent         tasks     tasks and calls
accounts   firms                        joining   merging, taking back, likely doubles
leaving    export, erasure and its proof          tags      all tags
"""
