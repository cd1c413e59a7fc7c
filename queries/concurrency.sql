-- How many connections were active on each endpoint, in steps of 15 minutes?
-- Serves: capacity and quotas, NIST SP 800-53 AC-10.
-- Edit: how many days back. From the ledger, so that a moment without anybody counts as 0. A moment that was not captured
-- has no row.
SELECT
  runs.account_id,
  runs.region,
  target.endpoint_id,
  from_unixtime(900 * floor(to_unixtime(from_iso8601_timestamp(runs.snapshot_time)) / 900), 'UTC') AS step,
  max(target.active) AS active_connections
FROM runs
CROSS JOIN UNNEST(runs.targets) AS target
WHERE runs.snapshot_date >= CAST(current_date - INTERVAL '7' DAY AS varchar)
  AND target.outcome = 'complete'
GROUP BY 1, 2, 3, 4
ORDER BY 1, 2, 3, 4
