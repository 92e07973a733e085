"""The field's own models, one paper a file: assumptions in numbered English, parameters, equations by number.

What all stand on

    fitting.py     what a fit is: parameters, standard errors, likelihood, and whether the data can tell them
    histories.py   buying histories, identical ones grouped: what every model of buying is fitted to
    buying.py      what every model of buying without contract can tell

Buying without a contract

    bg_nbd.py, mbg_nbd.py   leaving by a coin after an order (coins.py and coin_loops.py: what both share)
    pareto_nbd.py           leaving at any time (pareto_loops.py: its integral)
    empirical.py            NBD with silence, the fallback (silence.py: what silence says on this shop's own past)
    plain_rate.py           orders by time: the yardstick
    bg_bb.py                at most one order a year or a month
    gamma_gamma.py          what an order is worth; own_mean.py where value and frequency go together
    rhythm.py               when the next order comes

Contracts and staying

    renewals.py             what models of contracts are fitted to; renewal_choice.py chooses among them by likelihood
    sbg.py, bdw.py, discrete_weibull.py
    cox.py                  proportional hazards (cox_loops.py: its sums)

Products

    ease.py, item_knn.py    what goes with what
"""
