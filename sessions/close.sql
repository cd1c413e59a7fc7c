-- Ends the sessions that a later complete capture no longer shows, and those of an endpoint that a later listing no longer has,
-- if AWS did not send their end.
-- Their end is the last time they were there, and end_seen is false. Captures and listings of the last ten minutes before {time}
-- do not count yet: the merge may not have seen what they show. Those whose clock stepped back prove nothing.
MERGE INTO sessions AS known
USING (
  WITH captures AS (
    SELECT
      target.account_id,
      target.region,
      target.endpoint_id,
      from_iso8601_timestamp(coalesce(target.first_page_requested_at, runs.start)) AS begins,
      from_iso8601_timestamp(target.first_page_at) AS first_page_at,
      from_iso8601_timestamp(target.last_page_at) AS ends
    FROM runs
    CROSS JOIN UNNEST(runs.targets) AS target
    WHERE runs.snapshot_date >= '{from_date}'
      AND target.outcome IN ('complete', 'already_captured')
  ),
  listings AS (
    SELECT
      place.account_id,
      place.region,
      place.discovery.endpoints AS endpoint_ids,
      from_iso8601_timestamp(coalesce(place.discovery.first_page_requested_at, runs.start)) AS begins,
      from_iso8601_timestamp(place.discovery.first_page_at) AS first_page_at,
      from_iso8601_timestamp(place.discovery.last_page_at) AS ends
    FROM runs
    CROSS JOIN UNNEST(runs.places) AS place
    WHERE runs.snapshot_date >= '{from_date}'
      AND place.discovery.error.code IS NULL
      AND place.discovery.endpoints IS NOT NULL
  ),
  endpoints AS (
    SELECT account_id, region, endpoint_id
    FROM captures
    UNION
    SELECT listings.account_id, listings.region, listed.endpoint_id
    FROM listings
    CROSS JOIN UNNEST(listings.endpoint_ids) AS listed (endpoint_id)
  ),
  looks AS (
    SELECT account_id, region, endpoint_id, begins, first_page_at, ends
    FROM captures
    UNION ALL
    SELECT
      endpoints.account_id,
      endpoints.region,
      endpoints.endpoint_id,
      listings.begins,
      listings.first_page_at,
      listings.ends
    FROM endpoints
    JOIN listings
      ON listings.account_id = endpoints.account_id
      AND listings.region = endpoints.region
      AND NOT contains(listings.endpoint_ids, endpoints.endpoint_id)
  )
  SELECT
    account_id,
    region,
    endpoint_id,
    max(CAST(begins AS timestamp(6))) AS looked_at
  FROM looks
  WHERE first_page_at BETWEEN begins AND ends
    AND ends < from_iso8601_timestamp('{time}') - INTERVAL '10' MINUTE
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
