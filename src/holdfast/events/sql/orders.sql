select "time", customer, anonymous, "order", amount, currency, products, properties, category
from groups
where not (negative or below)
order by row
