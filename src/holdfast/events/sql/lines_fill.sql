-- Exports such as Shopify's name the customer and the time on the first line of an order only.
update lines
set customer = coalesce(lines.customer, heads.customer), "time" = coalesce(lines."time", heads."time")
from (
    select
        "order",
        case when min(customer) = max(customer) then min(customer) end as customer,
        min("time") as "time"
    from lines
    where "order" is not null
    group by "order"
    having count(*) > count(customer) or count(*) > count("time")
) as heads
where lines."order" = heads."order"
    and ((lines.customer is null and heads.customer is not null) or (lines."time" is null and heads."time" is not null))
