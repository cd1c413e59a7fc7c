-- When was each user there, with reconnects less than N minutes apart taken as one presence?
-- Bears on: PCI DSS 10.2.1.1, ISO/IEC 27001 A.8.15.
-- Edit: the minutes, and how many days back. A presence that may have lasted into these days is shown from its true beginning. Of as many of
-- its sessions as with_open_end says no end is known, and it lasted longer than presence_ends if one of them did. A session of which
-- AWS gave no name is nobody's presence: sessions_not_known is how many of them reach into these days.
WITH not_known AS (
  SELECT count(*) AS sessions
  FROM sessions
  WHERE identity_key IS NULL
    AND (ended_before >= current_date - INTERVAL '30' DAY OR ended_before IS NULL)
),
known AS (
  SELECT
    *,
    connection_established_time AS begins,
    ends_at AS ends
  FROM sessions
  WHERE connection_established_time < current_date + INTERVAL '1' DAY
    AND identity_key IS NOT NULL
),
gaps AS (
  SELECT
    *,
    max(ends) OVER (
      PARTITION BY identity_key
      ORDER BY begins, ends, connection_id, account_id, region, endpoint_id
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS earlier_until
  FROM known
),
numbered AS (
  SELECT
    *,
    count_if(earlier_until IS NULL OR begins >= earlier_until + INTERVAL '5' MINUTE) OVER (
      PARTITION BY identity_key
      ORDER BY begins, ends, connection_id, account_id, region, endpoint_id
      ROWS UNBOUNDED PRECEDING
    ) AS presence
  FROM gaps
)
SELECT
  max_by(identity, ROW(last_seen, identity)) AS identity,
  min(begins) AS presence_begins,
  max(ends) AS presence_ends,
  date_diff('second', min(begins), max(ends)) AS duration_seconds,
  count(*) AS sessions,
  count(DISTINCT ROW(account_id, region, endpoint_id)) AS endpoints,
  sum(coalesce(ingress_bytes, 0)) AS ingress_bytes,
  sum(coalesce(egress_bytes, 0)) AS egress_bytes,
  identity_key,
  count_if(end_seen IS DISTINCT FROM true) AS with_open_end,
  count_if(NOT covered) AS not_covered,
  max(not_known.sessions) AS sessions_not_known
FROM numbered
CROSS JOIN not_known
GROUP BY identity_key, presence
HAVING bool_or(ended_before >= current_date - INTERVAL '30' DAY OR ended_before IS NULL)
ORDER BY identity_key, presence_begins
