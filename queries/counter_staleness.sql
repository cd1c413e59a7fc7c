-- How old are AWS's counters when we read them?
-- Bears on: trust in the record: bytes of an active connection are as old as this.
-- Edit: how many days back. The age is the time from AWS's last update of a row to the arrival of the page that held it. Active rows
-- without a readable time of that update are counted in rows_without_time alone.
SELECT
  account_id,
  region,
  endpoint_id,
  snapshot_date,
  count(connection_timestamp) AS active_rows,
  avg(date_diff('second', connection_timestamp, captured_at)) AS average_seconds,
  max(date_diff('second', connection_timestamp, captured_at)) AS longest_seconds,
  count_if(connection_timestamp IS NULL) AS rows_without_time
FROM connections
WHERE snapshot_date >= CAST(current_date - INTERVAL '7' DAY AS varchar)
  AND status_code = 'active'
GROUP BY 1, 2, 3, 4
ORDER BY 1, 2, 3, 4
