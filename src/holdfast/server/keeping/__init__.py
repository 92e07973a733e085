"""What is kept to come back to: reports (a question with its choices), fixed audiences (people), reviews (what was decided).

keeping   what other rooms may do: keep a report, make an audience, ask who is in one
"""
