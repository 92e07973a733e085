-- Lines that take back an hour or more after the last line that sold, under the order's own number: a refund of that order, not a
-- discount on it.
update lines
set key = lines.key || chr(31) || epoch_us(lines."time"), refund_of = lines."order"
from (
    select key, customer, max("time") as "time"
    from lines
    where not (coalesce(amount < 0, false) or quantity < 0)
    group by key, customer
) as sold
where lines."order" is not null
    and lines.refund_of is null
    and (lines.amount < 0 or lines.quantity < 0)
    and sold.key = lines.key
    and sold.customer is not distinct from lines.customer
    and lines."time" >= sold."time" + interval 1 hour
