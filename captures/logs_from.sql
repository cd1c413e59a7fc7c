-- The day from which the merge reads connection logs: three days before {from_date}, or that of the oldest window which the records of
-- the days since then name. After an outage, windows are read that are as old as it was long.
SELECT
  CAST(
    least(DATE '{from_date}' - INTERVAL '3' DAY, coalesce(CAST(min(window_start) AS date), DATE '{from_date}')) AS varchar
  ) AS logs_from
FROM captures
WHERE kind = 'window'
  AND outcome IN ('complete', 'already_captured')
  -- Client VPN did not exist earlier.
  AND window_start >= TIMESTAMP '2018-12-01 00:00:00'
  AND snapshot_date >= DATE '{from_date}' - INTERVAL '1' DAY
