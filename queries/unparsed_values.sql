-- Which values of AWS's could not be typed, and what was their text?
-- Serves: trust in the record: nothing that AWS says is lost.
-- Edit: how many days back.
SELECT
  connections.account_id,
  connections.region,
  connections.endpoint_id,
  value.field,
  value.text,
  count(*) AS times,
  min(connections.snapshot_time) AS first_snapshot_time,
  max(connections.snapshot_time) AS last_snapshot_time
FROM connections
CROSS JOIN UNNEST(connections.unparsed) AS value (field, text)
WHERE connections.snapshot_date >= CAST(current_date - INTERVAL '30' DAY AS varchar)
GROUP BY 1, 2, 3, 4, 5
ORDER BY 1, 2, 3, 4, 5
