-- When was AWS's connection logging switched off, or the log group changed, on which endpoint?
-- Bears on: PCI DSS 10.2.1.6 and 10.7.2, NIST SP 800-53 AU-9 and AU-12, AWS Security Hub EC2.51.
-- Edit: how many days back. A row is a time in which all snapshots of an endpoint show the same finding: `off`, `no log group` (on, without
-- one), `log group changed` (on, with another than before), or `not known` (AWS said nothing, described the endpoint in two ways, or no
-- snapshot came for 60 minutes, also if the endpoint is captured and none came in these days). It began between began_after (the last
-- snapshot before it, null if it is the first of these days) and began_before, and ended between ended_after and ended_before (null if it
-- has not ended, or the endpoint is gone). least_minutes and most_minutes are how long that is. Between two snapshots, logging may have
-- been off for less than 60 minutes. state is `ended`, `still`, or `gone` if a later snapshot or listing of the account and Region does not
-- have the endpoint. log_group_before is the last known of these days. as_of is the last merge, and snapshots of later time count too. If
-- there is nothing to show, one row has as_of.
WITH asked AS (
  SELECT CAST(current_date - INTERVAL '30' DAY AS timestamp(6)) AS from_time
),
last_merge AS (
  SELECT max(merged_at) AS as_of
  FROM captures
),
described AS (
  SELECT
    account_id,
    region,
    endpoint_id,
    snapshot_time,
    CAST(min(captured_at) AS timestamp(6)) AS seen_at,
    CASE
      WHEN count(DISTINCT ROW(connection_log_enabled, connection_log_group)) > 1 OR bool_or(connection_log_enabled IS NULL)
        THEN 'not known'
      WHEN NOT bool_and(connection_log_enabled) THEN 'off'
      WHEN coalesce(min(connection_log_group), '') = '' THEN 'no log group'
      ELSE 'on'
    END AS logging,
    min(connection_log_group) AS log_group
  FROM endpoints
  CROSS JOIN asked
  -- A day earlier: for the configuration in force at the beginning.
  WHERE snapshot_date >= CAST(CAST(asked.from_time - INTERVAL '1' DAY AS date) AS varchar)
    AND endpoint_id IS NOT NULL
  GROUP BY account_id, region, endpoint_id, snapshot_time
),
gone AS (
  -- A listing after its last snapshot does not have it.
  SELECT DISTINCT last.account_id, last.region, last.endpoint_id, true AS is_unlisted
  FROM (
    SELECT account_id, region, endpoint_id, max(seen_at) AS seen_at
    FROM described
    GROUP BY account_id, region, endpoint_id
  ) AS last
  JOIN captures
    ON captures.account_id = last.account_id
    AND captures.region = last.region
    AND captures.attempted_at > last.seen_at
  WHERE captures.kind IN ('listing', 'endpoints')
    AND captures.outcome = 'complete'
    AND NOT contains(CAST(json_parse(captures.endpoint_ids) AS array(varchar)), last.endpoint_id)
),
followed AS (
  SELECT
    *,
    lead(seen_at) OVER endpoint AS next_seen_at,
    coalesce(is_unlisted, false)
      OR max(snapshot_time) OVER (PARTITION BY account_id, region, endpoint_id)
        < max(snapshot_time) OVER (PARTITION BY account_id, region) AS is_gone
  FROM described
  LEFT JOIN gone USING (account_id, region, endpoint_id)
  WINDOW endpoint AS (PARTITION BY account_id, region, endpoint_id ORDER BY seen_at, snapshot_time)
),
steps AS (
  -- After a snapshot that no other follows within 60 minutes, nothing is known.
  SELECT
    followed.account_id,
    followed.region,
    followed.endpoint_id,
    followed.snapshot_time,
    followed.seen_at,
    followed.is_gone,
    step.is_silence,
    if(step.is_silence, 'not known', followed.logging) AS logging,
    if(NOT step.is_silence AND followed.logging = 'on', followed.log_group) AS log_group
  FROM followed
  CROSS JOIN last_merge
  CROSS JOIN UNNEST(if(
    coalesce(followed.next_seen_at, if(NOT followed.is_gone, last_merge.as_of)) >= followed.seen_at + INTERVAL '60' MINUTE,
    ARRAY[false, true],
    ARRAY[false]
  )) AS step (is_silence)
),
changes AS (
  SELECT
    *,
    lag(seen_at) OVER endpoint AS seen_before,
    lag(logging) OVER endpoint AS logging_before,
    lag(is_silence) OVER endpoint AS was_silence,
    lag(log_group) IGNORE NULLS OVER endpoint AS log_group_before,
    max(seen_at) OVER (PARTITION BY account_id, region, endpoint_id) AS last_seen_at
  FROM steps
  WINDOW endpoint AS (
    PARTITION BY account_id, region, endpoint_id ORDER BY seen_at, snapshot_time, is_silence
  )
),
stretches AS (
  SELECT
    *,
    lead(seen_at) OVER endpoint AS ended_before,
    lead(seen_before) OVER endpoint AS last_before_end,
    lead(log_group) OVER endpoint AS log_group_after
  FROM changes
  WHERE logging_before IS NULL
    OR logging <> logging_before
    OR is_silence <> was_silence
    OR log_group <> log_group_before
  WINDOW endpoint AS (
    PARTITION BY account_id, region, endpoint_id ORDER BY seen_at, snapshot_time, is_silence
  )
),
undescribed AS (
  -- Endpoints that were captured, and that no snapshot of these days describes until an hour later.
  SELECT
    captured.account_id,
    captured.region,
    captured.endpoint_id,
    greatest(captured.attempted_at, asked.from_time) AS seen_at,
    followed.seen_at AS ended_before,
    followed.log_group AS log_group_after
  FROM (
    -- One that is named by its id is tried after it is gone too, and fails.
    SELECT
      account_id,
      region,
      endpoint_id,
      min(attempted_at) AS attempted_at,
      coalesce(max(attempted_at) FILTER (WHERE outcome <> 'failed'), min(attempted_at)) AS last_answer
    FROM captures
    WHERE kind = 'target'
    GROUP BY account_id, region, endpoint_id
  ) AS captured
  CROSS JOIN asked
  LEFT JOIN (
    SELECT account_id, region, endpoint_id, min(seen_at) AS seen_at, min_by(if(logging = 'on', log_group), seen_at) AS log_group
    FROM described
    GROUP BY account_id, region, endpoint_id
  ) AS followed
    ON followed.account_id = captured.account_id
    AND followed.region = captured.region
    AND followed.endpoint_id = captured.endpoint_id
  LEFT JOIN (
    -- Where snapshots describe other endpoints, it is gone.
    SELECT account_id, region, max(seen_at) AS seen_at
    FROM described
    GROUP BY account_id, region
  ) AS places
    ON places.account_id = captured.account_id
    AND places.region = captured.region
  LEFT JOIN captures
    ON captures.account_id = captured.account_id
    AND captures.region = captured.region
    AND captures.attempted_at > captured.last_answer
    AND captures.kind IN ('listing', 'endpoints')
    AND captures.outcome = 'complete'
    AND NOT contains(CAST(json_parse(captures.endpoint_ids) AS array(varchar)), captured.endpoint_id)
  WHERE followed.seen_at >= greatest(captured.attempted_at + INTERVAL '60' MINUTE, asked.from_time)
    OR (places.seen_at IS NULL AND captures.attempted_at IS NULL)
),
found AS (
  SELECT
    stretches.account_id,
    stretches.region,
    stretches.endpoint_id,
    if(logging = 'on', 'log group changed', logging) AS finding,
    seen_before AS began_after,
    seen_at AS began_before,
    coalesce(last_before_end, last_seen_at) AS ended_after,
    ended_before,
    CASE
      WHEN ended_before IS NOT NULL THEN 'ended'
      WHEN is_gone THEN 'gone'
      ELSE 'still'
    END AS state,
    log_group_before,
    log_group,
    log_group_after,
    is_silence
  FROM stretches
  CROSS JOIN asked
  WHERE (logging <> 'on' OR log_group <> log_group_before)
    AND (ended_before >= asked.from_time OR (ended_before IS NULL AND (NOT is_gone OR last_seen_at >= asked.from_time)))
  UNION ALL
  SELECT DISTINCT
    account_id,
    region,
    endpoint_id,
    'not known',
    CAST(NULL AS timestamp(6)),
    seen_at,
    seen_at,
    ended_before,
    if(ended_before IS NULL, 'still', 'ended'),
    NULL,
    NULL,
    log_group_after,
    true
  FROM undescribed
)
SELECT
  found.account_id,
  found.region,
  found.endpoint_id,
  found.finding,
  found.began_after,
  found.began_before,
  found.ended_after,
  found.ended_before,
  found.state,
  found.log_group_before,
  found.log_group,
  found.log_group_after,
  date_diff('minute', found.began_before, found.ended_after) AS least_minutes,
  date_diff(
    'minute', found.began_after, coalesce(found.ended_before, if(found.state = 'still', last_merge.as_of, found.ended_after))
  ) AS most_minutes,
  with_timezone(last_merge.as_of, 'UTC') AS as_of
FROM last_merge
LEFT JOIN found ON true
ORDER BY found.account_id, found.region, found.endpoint_id, found.began_before, found.is_silence
