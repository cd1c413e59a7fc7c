-- Who transferred the most bytes on each day?
-- Serves: NIST SP 800-53 SI-4(4), ISO/IEC 27001 A.8.16.
-- Edit: how many days back, in both places. The first place is a day more. Bytes count on the day of the first snapshot
-- that shows them. What was transferred between the last snapshot of a day and midnight counts on the next.
WITH counters AS (
  SELECT
    account_id,
    region,
    endpoint_id,
    connection_id,
    snapshot_date,
    max_by(coalesce(username, common_name), captured_at) AS identity,
    max(ingress_bytes) AS ingress_bytes,
    max(egress_bytes) AS egress_bytes
  FROM connections
  -- A day more: counters go on over midnight.
  WHERE snapshot_date >= CAST(current_date - INTERVAL '8' DAY AS varchar)
  GROUP BY account_id, region, endpoint_id, connection_id, snapshot_date
),
growth AS (
  SELECT
    snapshot_date,
    identity,
    connection_id,
    ingress_bytes - lag(ingress_bytes, 1, 0) OVER earlier AS ingress_bytes,
    egress_bytes - lag(egress_bytes, 1, 0) OVER earlier AS egress_bytes
  FROM counters
  WINDOW earlier AS (PARTITION BY account_id, region, endpoint_id, connection_id ORDER BY snapshot_date)
),
days AS (
  SELECT
    snapshot_date,
    identity,
    count(DISTINCT connection_id) AS sessions,
    sum(ingress_bytes) AS ingress_bytes,
    sum(egress_bytes) AS egress_bytes,
    rank() OVER (PARTITION BY snapshot_date ORDER BY sum(ingress_bytes) + sum(egress_bytes) DESC) AS place
  FROM growth
  WHERE snapshot_date >= CAST(current_date - INTERVAL '7' DAY AS varchar)
  GROUP BY snapshot_date, identity
)
SELECT snapshot_date, place, identity, sessions, ingress_bytes, egress_bytes
FROM days
WHERE place <= 10
ORDER BY snapshot_date, place, identity
