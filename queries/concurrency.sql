-- How many connections were active on each endpoint, in steps of 15 minutes?
-- Serves: capacity and quotas, NIST SP 800-53 AC-10.
-- Edit: how many days back, in both places, and the first place is a day more. From the ledger, so that a moment without
-- anybody counts as 0, and by the arrival of the pages. A moment that was not captured has no row.
SELECT
  target.account_id,
  target.region,
  target.endpoint_id,
  from_unixtime(900 * floor(to_unixtime(from_iso8601_timestamp(target.first_page_at)) / 900), 'UTC') AS step,
  max(target.active) AS active_connections
FROM runs
CROSS JOIN UNNEST(runs.targets) AS target
WHERE runs.snapshot_date >= CAST(current_date - INTERVAL '8' DAY AS varchar)
  AND from_iso8601_timestamp(target.first_page_at) >= current_date - INTERVAL '7' DAY
  AND target.outcome = 'complete'
GROUP BY 1, 2, 3, 4
ORDER BY 1, 2, 3, 4
