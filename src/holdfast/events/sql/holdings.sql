-- What customers who took something back had bought of it, per order, the oldest first.
select groups.customer, lines.product, groups."order", groups."time", groups.key, sum(lines.quantity) as quantity
from lines
join groups on groups.key = lines.key and groups.customer is not distinct from lines.customer
where not (groups.negative or groups.below)
    and (lines.customer, lines.product) in (
        select (back.customer, back.product)
        from lines as back
        join groups as taken on taken.key = back.key and taken.customer is not distinct from back.customer
        where taken.negative and back.customer is not null and back.product is not null
    )
group by groups.customer, lines.product, groups."order", groups."time", groups.key, groups.row
having sum(lines.quantity) > 0
order by groups."time", groups.row
