select count(*) from lines
