"""The report's questions, one a file: what it asks, its sentence, its picture, its table.

A section is a function `section(asked)`: it asks `Asked` for the answers it needs and gives a `Section`, or None where the data
cannot say anything about its question. The order in which they stand is in `holdfast.report.whole`.
"""
