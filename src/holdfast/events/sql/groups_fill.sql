-- An order is the lines of one order number and one customer. It is a cancellation when every line takes back, or when more is
-- taken back than sold.
-- One part of the numbers at a time, so that memory stays bounded.
insert into groups
select
    key,
    customer,
    any_value("order") as "order",
    min(row) as row,
    min("time") as "time",
    first(anonymous order by row) as anonymous,
    sum(amount)::bigint as amount,
    bool_and(coalesce(amount < 0, false) or (coalesce(amount, 0) = 0 and quantity < 0)) as negative,
    coalesce(sum(amount) < 0, false) as below,
    any_value(currency) as currency,
    any_value(refund_of) as refund_of,
    '[' || string_agg(product_json, ', ' order by row) || ']' as products,
    first(properties order by row) as properties,
    first(category order by amount desc nulls last, row) as category
from lines
where hash(key) % $parts = $part
group by key, customer
