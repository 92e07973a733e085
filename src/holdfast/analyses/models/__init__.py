"""The field's own models, one paper a file: assumptions in numbered English, parameters, equations by number.

fitting.py     what a fit is: parameters, standard errors, likelihood, and whether the data can tell them
histories.py   buying histories, identical ones grouped: what every model of buying is fitted to
buying.py      what every model of buying without contract can tell
"""
