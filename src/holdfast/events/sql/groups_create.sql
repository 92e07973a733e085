create table groups (
    key varchar,
    customer varchar,
    "order" varchar,
    row bigint,
    "time" timestamptz,
    anonymous varchar,
    amount bigint,
    negative boolean,
    below boolean,
    currency varchar,
    refund_of varchar,
    products varchar,
    properties varchar,
    category varchar
)
