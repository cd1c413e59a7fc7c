-- When could a connection have been missed: where do 60 minutes or more lie between captures of an endpoint, or was it gone after one?
-- Serves: PCI DSS 10.7.2, NIST SP 800-53 AU-5 and AU-12.
-- Edit: how many days back, in all four places, and the first three are a day more. AWS forgets a connection 60 minutes after its
-- end. A hole goes from the first page of one complete capture to the last page of the next, or from the first attempt
-- where no capture was complete before. It is open where no complete capture came after it. Of an endpoint that is gone, the time
-- after its last capture is one, however short. The endpoint * stands for the list of endpoints of an account and Region.
WITH attempts AS (
  SELECT
    target.account_id,
    target.region,
    target.endpoint_id,
    target.outcome,
    target.error.code AS error_code,
    from_iso8601_timestamp(runs.start) AS attempted_at,
    from_iso8601_timestamp(target.first_page_at) AS first_page_at,
    from_iso8601_timestamp(target.last_page_at) AS last_page_at
  FROM runs
  CROSS JOIN UNNEST(runs.targets) AS target
  WHERE runs.snapshot_date >= CAST(current_date - INTERVAL '31' DAY AS varchar)
  UNION ALL
  SELECT
    place.account_id,
    place.region,
    '*' AS endpoint_id,
    if(place.discovery.error.code IS NULL, 'complete', 'failed') AS outcome,
    place.discovery.error.code AS error_code,
    from_iso8601_timestamp(runs.start) AS attempted_at,
    if(place.discovery.error.code IS NULL, from_iso8601_timestamp(runs.start)) AS first_page_at,
    if(place.discovery.error.code IS NULL, from_iso8601_timestamp(runs.start)) AS last_page_at
  FROM runs
  CROSS JOIN UNNEST(runs.places) AS place
  WHERE runs.snapshot_date >= CAST(current_date - INTERVAL '31' DAY AS varchar)
    AND place.discovery IS NOT NULL
),
last_attempts AS (
  SELECT
    account_id,
    region,
    endpoint_id,
    max(attempted_at) AS last_attempted_at
  FROM attempts
  GROUP BY 1, 2, 3
),
gone AS (
  SELECT
    place.account_id,
    place.region,
    listed.endpoint_id,
    min(from_iso8601_timestamp(runs.start)) AS gone_at
  FROM runs
  CROSS JOIN UNNEST(runs.places) AS place
  CROSS JOIN UNNEST(place.discovery.gone) AS listed (endpoint_id)
  JOIN last_attempts
    ON last_attempts.account_id = place.account_id
    AND last_attempts.region = place.region
    AND last_attempts.endpoint_id = listed.endpoint_id
    -- It may have come back since.
    AND last_attempts.last_attempted_at < from_iso8601_timestamp(runs.start)
  WHERE runs.snapshot_date >= CAST(current_date - INTERVAL '31' DAY AS varchar)
  GROUP BY 1, 2, 3
),
steps AS (
  SELECT
    account_id,
    region,
    endpoint_id,
    first_page_at AS begins,
    lead(last_page_at) OVER (
      PARTITION BY account_id, region, endpoint_id
      ORDER BY first_page_at, last_page_at
    ) AS ends
  FROM attempts
  WHERE outcome = 'complete'
  UNION ALL
  SELECT
    account_id,
    region,
    endpoint_id,
    min(attempted_at) AS begins,
    min_by(last_page_at, first_page_at) FILTER (WHERE outcome = 'complete') AS ends
  FROM attempts
  GROUP BY account_id, region, endpoint_id
),
ended AS (
  SELECT
    steps.account_id,
    steps.region,
    steps.endpoint_id,
    steps.begins AS hole_begins,
    coalesce(steps.ends, gone.gone_at, current_timestamp) AS hole_ends,
    steps.ends IS NULL AND gone.gone_at IS NULL AS open,
    steps.ends IS NULL AND gone.gone_at IS NOT NULL AS is_gone
  FROM steps
  LEFT JOIN gone
    ON gone.account_id = steps.account_id
    AND gone.region = steps.region
    AND gone.endpoint_id = steps.endpoint_id
),
holes AS (
  SELECT *
  FROM ended
  WHERE (is_gone OR hole_ends >= hole_begins + INTERVAL '60' MINUTE)
    AND hole_ends >= current_date - INTERVAL '30' DAY
)
SELECT
  holes.account_id,
  holes.region,
  holes.endpoint_id,
  holes.hole_begins,
  holes.hole_ends,
  holes.open,
  date_diff('minute', holes.hole_begins, holes.hole_ends) AS minutes,
  count(attempts.outcome) AS attempts_in_it,
  array_join(array_sort(array_agg(DISTINCT attempts.error_code)), ', ') AS error_codes
FROM holes
LEFT JOIN attempts
  ON attempts.account_id = holes.account_id
  AND attempts.region = holes.region
  AND attempts.endpoint_id = holes.endpoint_id
  AND attempts.outcome <> 'complete'
  AND attempts.attempted_at BETWEEN holes.hole_begins AND holes.hole_ends
GROUP BY 1, 2, 3, 4, 5, 6, 7
ORDER BY 1, 2, 3, 4
