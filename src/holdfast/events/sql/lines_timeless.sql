delete from lines where "time" is null returning row
