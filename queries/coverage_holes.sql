-- When could a connection have been missed: where do 60 minutes or more lie between complete captures of an endpoint?
-- Serves: PCI DSS 10.7.2, NIST SP 800-53 AU-5 and AU-12.
-- Edit: how many days back, in both places, and the first place is a day more. AWS forgets a connection 60 minutes after its
-- end. A hole goes from the first page of one complete capture to the last page of the next, or from the first attempt
-- where no capture was complete before. It is open where no complete capture came after it.
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
holes AS (
  SELECT
    account_id,
    region,
    endpoint_id,
    begins AS hole_begins,
    coalesce(ends, current_timestamp) AS hole_ends,
    ends IS NULL AS open
  FROM steps
  WHERE coalesce(ends, current_timestamp) >= begins + INTERVAL '60' MINUTE
    AND coalesce(ends, current_timestamp) >= current_date - INTERVAL '30' DAY
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
