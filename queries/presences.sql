-- When was each user there, with reconnects less than N minutes apart taken as one presence?
-- Serves: PCI DSS 10.2.1.1, ISO/IEC 27001 A.8.15.
-- Edit: the minutes, and how many days back.
WITH recent AS (
  SELECT
    identity,
    connection_id,
    endpoint_id,
    connection_established_time AS begins,
    coalesce(connection_end_time, last_seen) AS ends,
    coalesce(ingress_bytes, 0) AS ingress_bytes,
    coalesce(egress_bytes, 0) AS egress_bytes
  FROM sessions
  WHERE connection_established_time >= current_date - INTERVAL '30' DAY
    AND identity IS NOT NULL
),
gaps AS (
  SELECT
    *,
    max(ends) OVER (
      PARTITION BY identity
      ORDER BY begins, ends, connection_id
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS earlier_until
  FROM recent
),
numbered AS (
  SELECT
    *,
    count_if(earlier_until IS NULL OR begins >= earlier_until + INTERVAL '5' MINUTE) OVER (
      PARTITION BY identity
      ORDER BY begins, ends, connection_id
    ) AS presence
  FROM gaps
)
SELECT
  identity,
  min(begins) AS presence_begins,
  max(ends) AS presence_ends,
  date_diff('second', min(begins), max(ends)) AS duration_seconds,
  count(*) AS sessions,
  count(DISTINCT endpoint_id) AS endpoints,
  sum(ingress_bytes) AS ingress_bytes,
  sum(egress_bytes) AS egress_bytes
FROM numbered
GROUP BY identity, presence
ORDER BY identity, presence_begins
