-- Who transferred the most bytes on each day?
-- Bears on: NIST SP 800-53 SI-4(4), ISO/IEC 27001 A.8.16.
-- Edit: how many days back, in the three places, of which the first two are 31 days more: counters of connections that are listed for
-- longer need an earlier page. Bytes count on the day on which a page first showed them: what was transferred between the last
-- snapshot of a day and midnight counts on the next. The bytes of a connection are its greatest counter, as in sessions, so that a
-- counter that was reset counts nothing until it is greater than before. Sessions are those of which bytes counted. Users are counted
-- by identity_key, and identity has every spelling. place is null in rows that are counted apart: those without an identity, who is not
-- known, and those of connections without an id (connection_id_known is false), which are in no session.
WITH pages AS (
  SELECT account_id, region, endpoint_id, connection_id, captured_at, username, common_name, client_ip,
    connection_established_time, ingress_bytes, egress_bytes
  FROM connections
  WHERE snapshot_date >= CAST(current_date - INTERVAL '38' DAY AS varchar)
  UNION ALL
  SELECT account_id, region, endpoint_id, connection_id, captured_at, username, common_name, client_ip,
    connection_established_time, ingress_bytes, egress_bytes
  FROM partials
  WHERE snapshot_date >= CAST(current_date - INTERVAL '38' DAY AS varchar)
),
rows_of_connections AS (
  SELECT
    pages.*,
    connection_id IS NOT NULL AS connection_id_known,
    -- Without an id, rows are of one connection if all of this is the same.
    coalesce(
      connection_id,
      json_format(CAST(ROW(username, common_name, client_ip, connection_established_time) AS json))
    ) AS connection
  FROM pages
),
connections_seen AS (
  SELECT
    account_id,
    region,
    endpoint_id,
    connection_id_known,
    connection,
    coalesce(
      max_by(username, ROW(captured_at, username)) FILTER (WHERE username IS NOT NULL),
      max_by(common_name, ROW(captured_at, common_name)) FILTER (WHERE common_name IS NOT NULL)
    ) AS identity
  FROM rows_of_connections
  GROUP BY account_id, region, endpoint_id, connection_id_known, connection
),
counters AS (
  SELECT
    account_id,
    region,
    endpoint_id,
    connection_id_known,
    connection,
    CAST(captured_at AS date) AS day,
    coalesce(max(ingress_bytes), 0) AS ingress_bytes,
    coalesce(max(egress_bytes), 0) AS egress_bytes
  FROM rows_of_connections
  GROUP BY 1, 2, 3, 4, 5, 6
),
growth AS (
  SELECT
    account_id,
    region,
    endpoint_id,
    connection_id_known,
    connection,
    day,
    greatest(ingress_bytes - coalesce(max(ingress_bytes) OVER earlier, 0), 0) AS ingress_bytes,
    greatest(egress_bytes - coalesce(max(egress_bytes) OVER earlier, 0), 0) AS egress_bytes
  FROM counters
  WINDOW earlier AS (
    PARTITION BY account_id, region, endpoint_id, connection_id_known, connection
    ORDER BY day
    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
  )
),
days AS (
  SELECT
    growth.day,
    lower(coalesce(
      nullif(regexp_replace(connections_seen.identity, '^[^\\]*\\', ''), ''),
      connections_seen.identity
    )) AS identity_key,
    connection_id_known,
    array_join(
      array_sort(array_agg(DISTINCT connections_seen.identity) FILTER (WHERE connections_seen.identity IS NOT NULL)), ', '
    ) AS identity,
    count(*) AS sessions,
    sum(growth.ingress_bytes) AS ingress_bytes,
    sum(growth.egress_bytes) AS egress_bytes
  FROM growth
  JOIN connections_seen USING (account_id, region, endpoint_id, connection_id_known, connection)
  WHERE growth.day >= current_date - INTERVAL '7' DAY
    AND growth.ingress_bytes + growth.egress_bytes > 0
  GROUP BY 1, 2, 3
),
ranked AS (
  SELECT
    days.*,
    if(
      identity_key IS NOT NULL AND connection_id_known,
      rank() OVER (
        PARTITION BY day, identity_key IS NOT NULL AND connection_id_known
        ORDER BY ingress_bytes + egress_bytes DESC
      )
    ) AS place
  FROM days
)
SELECT day, place, identity, sessions, ingress_bytes, egress_bytes, identity_key, connection_id_known
FROM ranked
WHERE place <= 10 OR place IS NULL
ORDER BY day, place, identity_key, connection_id_known
