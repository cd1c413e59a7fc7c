-- Who was connected while an authorization rule allowed every network, or all users?
-- Bears on: PCI DSS 1.2.5 and 7.2.1, NIST SP 800-53 AC-4, AC-6 and SC-7, ISO/IEC 27001 A.5.15 and A.8.22.
-- Edit: the first day, and the day after the last, in UTC.
-- Rows: a session and a span of time. No rule need be for its user: rules do not list members, and an authorization policy can deny
-- access. An endpoint that is gone has no rules until a snapshot shows it again.
-- finding: `open rule` if snapshots of the span show an active rule of its endpoint for 0.0.0.0/0, for ::/0 or for all users. It is
-- `not known` if not all rules are known (authorizationRule#error in unparsed of endpoints), a rule could not be read, or no snapshot came
-- for 60 minutes or yet.
-- destination_cidr, for_whom: those of the rule. A rule for all users can be for a small network. To see only rules that give everybody
-- every network, keep the rows with for_whom `all users` and destination_cidr `0.0.0.0/0` or `::/0`. AWS applies only the rules of the
-- narrowest network that has an address, so narrower rules can take networks out of these.
-- seen_from, seen_last: the first and the last snapshot of the span that show the rule, as the times at which EC2 answered with the rules.
-- It may have been added after the snapshot before, and removed and added again between two. In a row that is `not known`, seen_from is
-- the first time at which the rules are not known, and seen_last is null. No span begins earlier than a day before the first day.
-- seen_until: the end of the span: the next time at which the rule is gone, its endpoint is gone, or the rules are not known. If there is
-- none yet, it is as_of. If no snapshot came for 60 minutes, it is seen_last, and a span that is `not known` follows. Snapshots of days
-- after the last are not read, so a span that goes on there ends here.
-- proven: true if a snapshot shows the rule at a time at which the session was certainly there. Otherwise the two may have missed each
-- other.
-- as_of: the last merge. If there is nothing to show, one row has as_of.
WITH asked AS (
  SELECT
    CAST(current_date - INTERVAL '30' DAY AS timestamp(6)) AS from_time,
    CAST(current_date + INTERVAL '1' DAY AS timestamp(6)) AS to_time
),
last_merge AS (
  SELECT max(merged_at) AS as_of
  FROM captures
),
connected AS (
  -- Those who may have been there.
  SELECT
    sessions.*,
    -- Client VPN did not exist earlier.
    if(begin_seen, connection_established_time, coalesce(began_after, TIMESTAMP '2018-12-01 00:00:00')) AS begins
  FROM sessions
  CROSS JOIN asked
  WHERE if(
      begin_seen,
      connection_established_time,
      coalesce(began_after, TIMESTAMP '2018-12-01 00:00:00')
    ) < asked.to_time
    AND (ended_before >= asked.from_time OR ended_before IS NULL)
),
described AS (
  SELECT
    account_id,
    region,
    endpoint_id,
    snapshot_time,
    CAST(min(captured_at) AS timestamp(6)) AS listed_at,
    CAST(min(authorization_rules_captured_at) AS timestamp(6)) AS answered_at,
    bool_or(element_at(unparsed, 'authorizationRule#error') IS NOT NULL) AS is_not_known,
    bool_or(status_code IS DISTINCT FROM 'deleted') AS is_there
  FROM endpoints
  CROSS JOIN asked
  -- A day earlier: for the rules at the beginning.
  WHERE snapshot_date >= CAST(CAST(asked.from_time - INTERVAL '1' DAY AS date) AS varchar)
    AND snapshot_date <= CAST(CAST(asked.to_time AS date) AS varchar)
  GROUP BY account_id, region, endpoint_id, snapshot_time
),
rules AS (
  -- is_open is null if AWS said nothing that decides it, or two things, or named another endpoint too.
  SELECT
    account_id,
    region,
    endpoint_id,
    snapshot_time,
    captured_at,
    destination_cidr,
    CASE
      WHEN element_at(unparsed, 'accessAll') IS NOT NULL OR element_at(unparsed, 'groupId') IS NOT NULL THEN 'not known'
      WHEN access_all THEN 'all users'
      ELSE coalesce('group ' || nullif(group_id, ''), 'not known')
    END AS for_whom,
    if(
      element_at(unparsed, 'clientVpnEndpointId') IS NULL,
      status_code = 'active' AND (
        if(element_at(unparsed, 'destinationCidr') IS NULL, destination_cidr IN ('0.0.0.0/0', '::/0'))
        OR if(element_at(unparsed, 'accessAll') IS NULL, coalesce(access_all, false))
      )
    ) AS is_open
  FROM authorization_rules
  CROSS JOIN asked
  WHERE snapshot_date >= CAST(CAST(asked.from_time - INTERVAL '1' DAY AS date) AS varchar)
    AND snapshot_date <= CAST(CAST(asked.to_time AS date) AS varchar)
),
shown AS (
  SELECT
    account_id,
    region,
    endpoint_id,
    snapshot_time,
    CAST(max(captured_at) AS timestamp(6)) AS arrived_at,
    count_if(is_open IS NULL) > 0 AS is_odd,
    array_agg(
      DISTINCT CAST(ROW('open rule', destination_cidr, for_whom) AS ROW(finding varchar, destination_cidr varchar, for_whom varchar))
    ) FILTER (WHERE is_open) AS open_rules
  FROM rules
  GROUP BY account_id, region, endpoint_id, snapshot_time
),
moments AS (
  -- From each of them to the next, one thing is known of an endpoint, or nothing.
  SELECT
    account_id,
    region,
    endpoint_id,
    snapshot_time,
    moment.seen_at,
    moment.is_not_known,
    NOT coalesce(described.is_there, true) AS is_gone,
    moment.open_rules
  FROM described
  -- Rules are written before endpoints: a run that was killed in between leaves rules of endpoints that are not described.
  FULL JOIN shown USING (account_id, region, endpoint_id, snapshot_time)
  -- If not all rules are known, nothing is from the listing on, and those that are shown were there when they arrived. Without a time of
  -- the last page, in rows that are older than it, those of the rules count, or that of the listing.
  CROSS JOIN UNNEST(filter(
    CAST(
      ARRAY[
        ROW(coalesce(described.is_not_known, true), coalesce(described.listed_at, shown.arrived_at), true, NULL),
        ROW(
          NOT coalesce(described.is_not_known, true) OR shown.open_rules IS NOT NULL,
          coalesce(described.answered_at, shown.arrived_at, described.listed_at),
          coalesce(described.is_not_known, true) OR coalesce(shown.is_odd, false),
          shown.open_rules
        )
      ] AS array(ROW(
        is_there boolean,
        seen_at timestamp(6),
        is_not_known boolean,
        open_rules array(ROW(finding varchar, destination_cidr varchar, for_whom varchar))
      ))
    ),
    moment -> moment.is_there
  )) AS moment (is_there, seen_at, is_not_known, open_rules)
  WHERE endpoint_id IS NOT NULL
  UNION ALL
  -- The snapshots and listings after its first snapshot that do not have it.
  SELECT lived.account_id, lived.region, lived.endpoint_id, NULL, places.seen_at, false, true, NULL
  FROM (
    SELECT account_id, region, endpoint_id, min(listed_at) AS seen_at
    FROM described
    WHERE endpoint_id IS NOT NULL
    GROUP BY account_id, region, endpoint_id
  ) AS lived
  JOIN (
    SELECT account_id, region, min(listed_at) AS seen_at, array_agg(endpoint_id) AS endpoint_ids
    FROM described
    GROUP BY account_id, region, snapshot_time
    UNION ALL
    SELECT account_id, region, attempted_at, CAST(json_parse(endpoint_ids) AS array(varchar))
    FROM captures
    CROSS JOIN asked
    WHERE kind IN ('listing', 'endpoints')
      AND outcome = 'complete'
      AND attempted_at >= asked.from_time - INTERVAL '1' DAY
      AND attempted_at < asked.to_time + INTERVAL '1' DAY
  ) AS places
    ON places.account_id = lived.account_id
    AND places.region = lived.region
    AND places.seen_at > lived.seen_at
    -- Null: an endpoint without an id may be this one.
    AND NOT contains(places.endpoint_ids, lived.endpoint_id)
  UNION ALL
  -- Before the first snapshot of these days, nothing is known.
  SELECT DISTINCT connected.account_id, connected.region, connected.endpoint_id, NULL, asked.from_time - INTERVAL '1' DAY, true, false, NULL
  FROM connected
  CROSS JOIN asked
),
steps AS (
  SELECT
    *,
    NOT is_gone AND next_at >= seen_at + INTERVAL '60' MINUTE AS is_silent
  FROM (
    SELECT
      moments.*,
      coalesce(
        lead(seen_at) OVER (
          PARTITION BY account_id, region, endpoint_id ORDER BY seen_at, snapshot_time, open_rules IS NOT NULL
        ),
        greatest(last_merge.as_of, seen_at)
      ) AS next_at
    FROM moments
    CROSS JOIN last_merge
  )
),
stretches AS (
  SELECT
    steps.account_id,
    steps.region,
    steps.endpoint_id,
    found.finding,
    found.destination_cidr,
    found.for_whom,
    steps.seen_at AS begins,
    if(steps.is_silent AND found.finding = 'open rule', steps.seen_at, steps.next_at) AS ends,
    if(found.finding = 'open rule', steps.seen_at) AS shown_at
  FROM steps
  CROSS JOIN UNNEST(
    coalesce(steps.open_rules, ARRAY[]) || if(
      steps.is_not_known OR steps.is_silent,
      CAST(ARRAY[ROW('not known', NULL, NULL)] AS array(ROW(finding varchar, destination_cidr varchar, for_whom varchar))),
      ARRAY[]
    )
  ) AS found (finding, destination_cidr, for_whom)
),
numbered AS (
  SELECT
    *,
    count_if(is_first) OVER (
      PARTITION BY account_id, region, endpoint_id, finding, destination_cidr, for_whom ORDER BY begins, ends
    ) AS number
  FROM (
    SELECT
      *,
      coalesce(begins > lag(ends) OVER (
        PARTITION BY account_id, region, endpoint_id, finding, destination_cidr, for_whom ORDER BY begins, ends
      ), true) AS is_first
    FROM stretches
  )
),
spans AS (
  SELECT
    account_id,
    region,
    endpoint_id,
    finding,
    destination_cidr,
    for_whom,
    min(begins) AS begins,
    max(ends) AS ends,
    array_agg(shown_at) FILTER (WHERE shown_at IS NOT NULL) AS shown_at
  FROM numbered
  GROUP BY account_id, region, endpoint_id, finding, destination_cidr, for_whom, number
),
found AS (
  SELECT
    connected.*,
    spans.finding,
    spans.destination_cidr,
    spans.for_whom,
    spans.begins AS seen_from,
    spans.ends AS seen_until,
    spans.shown_at,
    greatest(spans.begins, asked.from_time) AS span_begins,
    least(spans.ends, asked.to_time) AS span_ends
  FROM connected
  CROSS JOIN asked
  JOIN spans
    ON spans.account_id = connected.account_id
    AND spans.region = connected.region
    AND spans.endpoint_id = connected.endpoint_id
  WHERE spans.begins < asked.to_time
    AND spans.ends > asked.from_time
)
SELECT
  found.identity,
  found.username,
  found.common_name,
  found.account_id,
  found.region,
  found.endpoint_id,
  found.connection_id,
  found.connection_established_time,
  found.ends_at,
  found.finding,
  found.destination_cidr,
  found.for_whom,
  found.seen_from,
  found.seen_until,
  array_max(found.shown_at) AS seen_last,
  coalesce(
    any_match(found.shown_at, time -> time BETWEEN found.connection_established_time AND found.ended_after),
    false
  ) AS proven,
  found.begin_seen,
  found.began_after,
  found.ended_after,
  found.ended_before,
  found.covered,
  found.identity_key,
  with_timezone(last_merge.as_of, 'UTC') AS as_of
FROM last_merge
LEFT JOIN found
  -- A time of one moment counts too.
  ON (found.begins <= found.span_begins OR found.begins < found.span_ends)
  AND (found.ended_before IS NULL OR found.ended_before > found.span_begins)
ORDER BY
  found.identity,
  found.connection_established_time,
  found.connection_id,
  found.account_id,
  found.region,
  found.endpoint_id,
  found.seen_from,
  found.finding,
  found.destination_cidr,
  found.for_whom
