-- What the maker of a silence was told: 1 that it ends soon, 2 that it holds something urgent for long.
ALTER TABLE silence ADD COLUMN told INTEGER;
