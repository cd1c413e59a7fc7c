-- Which values of AWS's could not be typed, and what was their text?
-- Bears on: trust in the record: nothing that AWS says is lost.
-- Edit: how many days back, in all six places.
-- table_name: the table whose rows have the value. In endpoints, a field with #error in its name is the code of an error with which EC2
-- answered instead, and clientVpnTargetNetworks beside targetNetworkId#error has the networks of the pages before that. Messages of
-- connection_logs that are no events of a connection log are left out: a log group can have others.
WITH odd_rows AS (
  SELECT 'connections' AS table_name, account_id, region, endpoint_id, snapshot_time, unparsed
  FROM connections
  WHERE snapshot_date >= CAST(current_date - INTERVAL '30' DAY AS varchar)
  UNION ALL
  SELECT 'partials' AS table_name, account_id, region, endpoint_id, snapshot_time, unparsed
  FROM partials
  WHERE snapshot_date >= CAST(current_date - INTERVAL '30' DAY AS varchar)
  UNION ALL
  SELECT 'endpoints' AS table_name, account_id, region, endpoint_id, snapshot_time, unparsed
  FROM endpoints
  WHERE snapshot_date >= CAST(current_date - INTERVAL '30' DAY AS varchar)
  UNION ALL
  SELECT 'authorization_rules' AS table_name, account_id, region, endpoint_id, snapshot_time, unparsed
  FROM authorization_rules
  WHERE snapshot_date >= CAST(current_date - INTERVAL '30' DAY AS varchar)
  UNION ALL
  SELECT 'routes' AS table_name, account_id, region, endpoint_id, snapshot_time, unparsed
  FROM routes
  WHERE snapshot_date >= CAST(current_date - INTERVAL '30' DAY AS varchar)
  UNION ALL
  SELECT 'connection_logs' AS table_name, account_id, region, endpoint_id, snapshot_time, unparsed
  FROM connection_logs
  WHERE snapshot_date >= CAST(current_date - INTERVAL '30' DAY AS varchar)
    AND (endpoint_id IS NOT NULL OR connection_log_type IS NOT NULL OR element_at(unparsed, 'message') IS NULL)
)
SELECT
  odd_rows.account_id,
  odd_rows.region,
  odd_rows.endpoint_id,
  value.field,
  value.text,
  count(*) AS times,
  min(odd_rows.snapshot_time) AS first_snapshot_time,
  max(odd_rows.snapshot_time) AS last_snapshot_time,
  odd_rows.table_name
FROM odd_rows
CROSS JOIN UNNEST(odd_rows.unparsed) AS value (field, text)
GROUP BY 1, 2, 3, 4, 5, 9
ORDER BY 1, 2, 3, 4, 5, 9
