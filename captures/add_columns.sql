-- Adds the columns that a table of an older version lacks. CREATE TABLE IF NOT EXISTS leaves such a table as it is, and ADD COLUMNS
-- fails if a column exists, so {missing_columns} are those that Glue does not list.
ALTER TABLE captures ADD COLUMNS ({missing_columns})
