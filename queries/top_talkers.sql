-- Who transferred the most bytes on each day?
-- Serves: NIST SP 800-53 SI-4(4), ISO/IEC 27001 A.8.16.
-- Edit: how many days back, in both places, and the first place is two days more. Bytes count on the day on which a page
-- first showed them: what was transferred between the last snapshot of a day and midnight counts on the next. Sessions are
-- those of which bytes counted.
WITH counters AS (
  SELECT
    account_id,
    region,
    endpoint_id,
    connection_id,
    CAST(captured_at AS date) AS day,
    max_by(coalesce(username, common_name), captured_at) AS identity,
    max(ingress_bytes) AS ingress_bytes,
    max(egress_bytes) AS egress_bytes
  FROM connections
  -- A day more, since counters go on over midnight, and one for pages that arrived after the midnight of their snapshot.
  WHERE snapshot_date >= CAST(current_date - INTERVAL '9' DAY AS varchar)
  GROUP BY account_id, region, endpoint_id, connection_id, CAST(captured_at AS date)
),
growth AS (
  SELECT
    day,
    identity,
    connection_id,
    -- Of a day without a number nothing is known, and the next number has its bytes too.
    coalesce(ingress_bytes - coalesce(lag(ingress_bytes) IGNORE NULLS OVER earlier, 0), 0) AS ingress_bytes,
    coalesce(egress_bytes - coalesce(lag(egress_bytes) IGNORE NULLS OVER earlier, 0), 0) AS egress_bytes
  FROM counters
  WINDOW earlier AS (PARTITION BY account_id, region, endpoint_id, connection_id ORDER BY day)
),
days AS (
  SELECT
    day,
    identity,
    count(DISTINCT connection_id) AS sessions,
    sum(ingress_bytes) AS ingress_bytes,
    sum(egress_bytes) AS egress_bytes,
    rank() OVER (PARTITION BY day ORDER BY sum(ingress_bytes) + sum(egress_bytes) DESC) AS place
  FROM growth
  WHERE day >= current_date - INTERVAL '7' DAY
    AND ingress_bytes + egress_bytes > 0
  GROUP BY day, identity
)
SELECT day, place, identity, sessions, ingress_bytes, egress_bytes
FROM days
WHERE place <= 10
ORDER BY day, place, identity
