create table lines (
    row bigint,
    "time" timestamptz,
    customer varchar,
    anonymous varchar,
    "order" varchar,
    refund_of varchar,
    product varchar,
    category varchar,
    quantity decimal(16, 4),
    amount bigint,
    currency varchar,
    product_json varchar,
    properties varchar,
    key varchar
)
