select row, key, customer, anonymous, "order", "time", amount, negative, currency, refund_of, products, properties, category
from groups
where negative or below
order by "time", row
