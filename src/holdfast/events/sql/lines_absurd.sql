delete from lines
where exists (
    select 1
    from (
        select key, customer
        from lines
        group by key, customer
        having sum(abs(amount)::hugeint) >= 1000000000000000000
    ) as absurd
    where absurd.key = lines.key and absurd.customer is not distinct from lines.customer
)
returning row
