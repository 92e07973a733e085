"""Questions and answers: one question a file, each a frozen value that knows its walk, its words, its figure and its people.

answer      Question, Answer, Definition, People      scope       who is asked about, in which segment
bridge      start, new, returned, lost, end           cohorts     who came back, by when they came
repeat      second orders, time between orders        rfm         recency, frequency, monetary; rfm_migration
orders      value and frequency of orders             clv         lifetime value by the plain formula
money_retention   NRR, GRR, quick ratio               gone_after  after how many silent days a customer is gone
concentration     how few bring how much              stickiness  daily, weekly, monthly active
initiative  before and after                          metrics     everything at a glance
rates, statistics   the formulas behind them
"""
