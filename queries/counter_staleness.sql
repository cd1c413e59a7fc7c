-- How old are AWS's counters when we read them?
-- Serves: trust in the record: bytes of an active connection are as old as this.
-- Edit: how many days back.
SELECT
  account_id,
  region,
  endpoint_id,
  snapshot_date,
  count(*) AS active_rows,
  avg(date_diff('second', connection_timestamp, captured_at)) AS average_seconds,
  max(date_diff('second', connection_timestamp, captured_at)) AS longest_seconds
FROM connections
WHERE snapshot_date >= CAST(current_date - INTERVAL '7' DAY AS varchar)
  AND status_code = 'active'
  AND connection_timestamp IS NOT NULL
GROUP BY 1, 2, 3, 4
ORDER BY 1, 2, 3, 4
