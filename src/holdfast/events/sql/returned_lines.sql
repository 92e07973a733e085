select lines.row, lines.key, lines.customer, lines.product, lines.product_json, lines.quantity, lines.amount, lines.refund_of
from lines
join groups on groups.key = lines.key and groups.customer is not distinct from lines.customer
where groups.negative
order by groups."time", lines.row
