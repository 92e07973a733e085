"""Timelines: all that one customer did, in time order; every question is one walk along each of them.

zone       local days of a time zone                 gather    batches of events → plain numbers
columns    what a timeline is made of, on disk too   sorting   numbers → the order of walks
periods    days, weeks, months … of the calendar     build     the two together
purchases  orders after their refunds                merge     later arrivals, without a rebuild
walk       threads over ranges of customers          spark     the same walks on a cluster
attributes what a customer's property was, at entry or now   spill   more events than can be sorted at once
timelines  `Timelines`: the way in                   text, naming   ids as numbers; columns by our names
"""
