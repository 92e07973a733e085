"""Who the customers are: profiles that follow the lake, search, pages, notes, tasks, merging, erasing."""
