-- When did both tables show everything last? Null: never.
SELECT CAST(CAST(max(merged_at) AS date) AS varchar) AS merged_on
FROM captures
