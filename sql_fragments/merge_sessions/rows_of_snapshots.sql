-- Reads the rows of connections and partials of the days since two hours before {from_time} (sights), gives each a time that is at most
-- two hours after its snapshot's (placed), drops times that cannot be right (typed), and combines the rows of each connection into one
-- (shown).
sights AS (
  SELECT
    account_id, region, endpoint_id, connection_id, snapshot_date, snapshot_time, captured_at, true AS complete,
    -- BEGIN GENERATED sessions/create.sql: texts
    username, common_name, client_ip, client_ipv6_address,
    -- END GENERATED sessions/create.sql: texts
    status_code, status_message,
    connection_timestamp, connection_established_time, connection_end_time,
    ingress_bytes, egress_bytes, ingress_packets, egress_packets, posture_compliance_statuses
  FROM connections
  WHERE snapshot_date >= CAST(CAST(TIMESTAMP '{from_time}' - INTERVAL '2' HOUR AS date) AS varchar)
    AND connection_id IS NOT NULL
  UNION ALL
  SELECT
    account_id, region, endpoint_id, connection_id, snapshot_date, snapshot_time, captured_at, false AS complete,
    -- BEGIN GENERATED sessions/create.sql: texts
    username, common_name, client_ip, client_ipv6_address,
    -- END GENERATED sessions/create.sql: texts
    status_code, status_message,
    connection_timestamp, connection_established_time, connection_end_time,
    ingress_bytes, egress_bytes, ingress_packets, egress_packets, posture_compliance_statuses
  FROM partials
  WHERE snapshot_date >= CAST(CAST(TIMESTAMP '{from_time}' - INTERVAL '2' HOUR AS date) AS varchar)
    AND connection_id IS NOT NULL
),
placed AS (
  -- placed_at is captured_at, if that lies in the two hours after the time of the snapshot: no capture takes longer. So the days read
  -- have every sight since {from_time}, and every row of a snapshot since then is such a sight.
  SELECT
    *,
    least(greatest(captured_at, snapshot_time), snapshot_time + INTERVAL '2' HOUR - INTERVAL '0.001' SECOND) AS placed_at
  FROM sights
),
typed AS (
  -- A time before December 2018, when Client VPN began, or more than five minutes after the page cannot be right.
  SELECT
    *,
    placed_at >= TIMESTAMP '{from_time}' AS is_recent,
    if(
      connection_established_time BETWEEN TIMESTAMP '2018-12-01 00:00:00' AND captured_at + INTERVAL '5' MINUTE,
      connection_established_time
    ) AS begin_time,
    coalesce(
      if(
        connection_end_time BETWEEN TIMESTAMP '2018-12-01 00:00:00' AND captured_at + INTERVAL '5' MINUTE,
        connection_end_time
      ),
      -- Of a terminated connection this is the same moment.
      if(
        status_code = 'terminated'
        AND connection_timestamp BETWEEN TIMESTAMP '2018-12-01 00:00:00' AND captured_at + INTERVAL '5' MINUTE,
        connection_timestamp
      )
    ) AS end_time
  FROM placed
),
shown AS (
  -- Where two rows of one page differ, the greater value counts.
  SELECT
    account_id,
    region,
    endpoint_id,
    connection_id,
    -- BEGIN GENERATED sessions/create.sql: newest texts
    max_by(username, ROW(placed_at, captured_at, username)) FILTER (
      WHERE is_recent AND username IS NOT NULL
    ) AS username,
    max_by(common_name, ROW(placed_at, captured_at, common_name)) FILTER (
      WHERE is_recent AND common_name IS NOT NULL
    ) AS common_name,
    max_by(client_ip, ROW(placed_at, captured_at, client_ip)) FILTER (
      WHERE is_recent AND client_ip IS NOT NULL
    ) AS client_ip,
    max_by(client_ipv6_address, ROW(placed_at, captured_at, client_ipv6_address)) FILTER (
      WHERE is_recent AND client_ipv6_address IS NOT NULL
    ) AS client_ipv6_address,
    -- END GENERATED sessions/create.sql: newest texts
    max_by(
      CAST(ROW(status_code, status_message) AS ROW(code varchar, message varchar)),
      ROW(placed_at, captured_at, status_code, coalesce(status_message, ''))
    ) FILTER (WHERE is_recent AND status_code IS NOT NULL) AS status,
    array_agg(DISTINCT CAST(begin_time AS varchar)) FILTER (WHERE is_recent AND begin_time IS NOT NULL) AS begins,
    transform_values(
      multimap_agg(CAST(end_time AS varchar), CAST(placed_at AS varchar) || ' ' || CAST(captured_at AS varchar)) FILTER (
        WHERE is_recent AND end_time IS NOT NULL
      ),
      (end_time, sights) -> array_max(sights)
    ) AS ends,
    CAST(min(captured_at) FILTER (WHERE is_recent) AS timestamp(6)) AS first_seen,
    CAST(max(captured_at) FILTER (WHERE is_recent) AS timestamp(6)) AS last_seen,
    CAST(
      max(captured_at) FILTER (
        WHERE is_recent AND end_time IS NULL AND status_code IS DISTINCT FROM 'terminated'
      ) AS timestamp(6)
    ) AS last_active,
    array_agg(CAST(captured_at AS timestamp(6))) FILTER (
      WHERE is_recent AND (end_time IS NOT NULL OR status_code = 'terminated')
    ) AS ended_sights,
    max(ingress_bytes) FILTER (WHERE is_recent) AS ingress_bytes,
    max(egress_bytes) FILTER (WHERE is_recent) AS egress_bytes,
    max(ingress_packets) FILTER (WHERE is_recent) AS ingress_packets,
    max(egress_packets) FILTER (WHERE is_recent) AS egress_packets,
    bool_or(is_recent AND status_code = 'failed-to-terminate') AS failed_to_terminate,
    array_distinct(flatten(
      array_agg(posture_compliance_statuses) FILTER (WHERE is_recent AND posture_compliance_statuses IS NOT NULL)
    )) AS posture_compliance_statuses,
    transform_values(
      multimap_agg(snapshot_date, CAST(ROW(snapshot_time, complete) AS ROW(snapshot_time timestamp(3), complete boolean))),
      (day, snapshots) -> ARRAY[
        cardinality(array_distinct(transform(snapshots, snapshot -> snapshot.snapshot_time))),
        cardinality(array_distinct(transform(filter(snapshots, snapshot -> snapshot.complete), snapshot -> snapshot.snapshot_time)))
      ]
    ) AS snapshots_by_day
  FROM typed
  GROUP BY account_id, region, endpoint_id, connection_id
  HAVING bool_or(is_recent)
),
