-- Ends the sessions that a later complete capture no longer shows, and those of an endpoint that is gone, though AWS never told
-- their end.
-- Their end is the last time they were there, and end_seen is false. Captures of the last ten minutes before {time} do not
-- count yet: the merge may not have seen what they show.
MERGE INTO sessions AS known
USING (
  SELECT
    account_id,
    region,
    endpoint_id,
    max(CAST(looked_at AS timestamp(6))) AS looked_at
  FROM (
    SELECT
      target.account_id,
      target.region,
      target.endpoint_id,
      from_iso8601_timestamp(target.first_page_at) AS looked_at
    FROM runs
    CROSS JOIN UNNEST(runs.targets) AS target
    WHERE runs.snapshot_date >= '{from_date}'
      AND target.outcome = 'complete'
      AND from_iso8601_timestamp(target.last_page_at) < from_iso8601_timestamp('{time}') - INTERVAL '10' MINUTE
    UNION ALL
    SELECT
      place.account_id,
      place.region,
      gone.endpoint_id,
      from_iso8601_timestamp(runs.start) AS looked_at
    FROM runs
    CROSS JOIN UNNEST(runs.places) AS place
    CROSS JOIN UNNEST(place.discovery.gone) AS gone (endpoint_id)
    WHERE runs.snapshot_date >= '{from_date}'
      AND from_iso8601_timestamp(runs.start) < from_iso8601_timestamp('{time}') - INTERVAL '10' MINUTE
  )
  GROUP BY account_id, region, endpoint_id
) AS latest
ON known.account_id = latest.account_id
  AND known.region = latest.region
  AND known.endpoint_id = latest.endpoint_id
  -- Of what the merge before this did not look at, nothing is known here.
  AND known.connection_established_time >= TIMESTAMP '{from_date} 00:00:00'
  AND known.connection_end_time IS NULL
  AND known.last_seen < latest.looked_at
WHEN MATCHED THEN UPDATE SET
  connection_end_time = known.last_seen,
  end_seen = false,
  covered = false
