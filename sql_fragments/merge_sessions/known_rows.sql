-- Joins what the snapshots show with the rows of sessions that may change (remembered), and keeps one row for each connection, with the
-- first and the last time at which it was seen (joined).
remembered AS (
  -- With the rows that may change: those that are shown, whose beginning, end or coverage a late capture may settle, that reach into
  -- the days that are read, or that an older version made.
  SELECT
    coalesce(old.account_id, new.account_id) AS account_id,
    coalesce(old.region, new.region) AS region,
    coalesce(old.endpoint_id, new.endpoint_id) AS endpoint_id,
    coalesce(old.connection_id, new.connection_id) AS connection_id,
    old.connection_id IS NULL AS is_new,
    new.connection_id IS NOT NULL AS is_shown,
    coalesce(new.username, old.username) AS username,
    coalesce(new.common_name, old.common_name) AS common_name,
    coalesce(new.client_ip, old.client_ip) AS client_ip,
    coalesce(new.client_ipv6_address, old.client_ipv6_address) AS client_ipv6_address,
    if(new.status IS NOT NULL, new.status.code, old.status_code) AS status_code,
    if(new.status IS NOT NULL, new.status.message, old.status_message) AS status_message,
    coalesce(old.failed_to_terminate, false) OR coalesce(new.failed_to_terminate, false) AS failed_to_terminate,
    greatest(coalesce(old.ingress_bytes, new.ingress_bytes), coalesce(new.ingress_bytes, old.ingress_bytes)) AS ingress_bytes,
    greatest(coalesce(old.egress_bytes, new.egress_bytes), coalesce(new.egress_bytes, old.egress_bytes)) AS egress_bytes,
    greatest(
      coalesce(old.ingress_packets, new.ingress_packets),
      coalesce(new.ingress_packets, old.ingress_packets)
    ) AS ingress_packets,
    greatest(
      coalesce(old.egress_packets, new.egress_packets),
      coalesce(new.egress_packets, old.egress_packets)
    ) AS egress_packets,
    if(
      old.posture_compliance_statuses IS NOT NULL OR new.posture_compliance_statuses IS NOT NULL,
      array_sort(array_union(
        coalesce(CAST(json_parse(old.posture_compliance_statuses) AS array(varchar)), ARRAY[]),
        coalesce(new.posture_compliance_statuses, ARRAY[])
      ))
    ) AS posture_compliance_statuses,
    CAST(json_parse(old.snapshots_by_day) AS map(varchar, array(bigint))) AS old_snapshots_by_day,
    CAST(new.snapshots_by_day AS map(varchar, array(bigint))) AS new_snapshots_by_day,
    old.snapshots AS old_snapshots,
    min(old.first_seen) OVER copies AS old_first_seen,
    old.last_seen AS old_last_seen,
    -- An older version made rows of complete captures alone, and gave the last sight as the end of what it missed.
    coalesce(old.last_active, if(old.ends_at IS NULL AND old.end_seen IS DISTINCT FROM true, old.last_seen)) AS old_last_active,
    coalesce(
      CAST(json_parse(old.begins_given) AS array(varchar)),
      if(
        coalesce(old.begin_seen, old.connection_established_time < old.first_seen),
        ARRAY[CAST(CAST(old.connection_established_time AS timestamp(3)) AS varchar)],
        ARRAY[]
      )
    ) || coalesce(new.begins, ARRAY[]) AS begins,
    map_zip_with(
      coalesce(
        CAST(json_parse(old.ends_given) AS map(varchar, varchar)),
        if(
          coalesce(old.ends_at IS NOT NULL, false) OR coalesce(old.end_seen, false),
          map_filter(
            MAP(
              ARRAY[coalesce(CAST(CAST(old.connection_end_time AS timestamp(3)) AS varchar), '')],
              ARRAY[CAST(CAST(old.last_seen AS timestamp(3)) AS varchar)]
            ),
            (end_time, sight) -> end_time <> ''
          )
        ),
        MAP(ARRAY[], ARRAY[])
      ),
      coalesce(new.ends, MAP(ARRAY[], ARRAY[])),
      (end_time, old_sight, new_sight) -> greatest(coalesce(old_sight, new_sight), coalesce(new_sight, old_sight))
    ) AS ends,
    coalesce(
      old.first_seen_ended,
      if(old.end_seen = false AND old.ended_before <= old.last_seen, old.ended_before)
    ) AS old_first_seen_ended,
    old.connection_established_time AS kept_time,
    new.first_seen AS new_first_seen,
    new.last_seen AS new_last_seen,
    new.last_active AS new_last_active,
    new.ended_sights,
    count(*) OVER copies AS copies,
    row_number() OVER (
      PARTITION BY
        coalesce(old.account_id, new.account_id),
        coalesce(old.region, new.region),
        coalesce(old.endpoint_id, new.endpoint_id),
        coalesce(old.connection_id, new.connection_id)
      ORDER BY old.last_seen DESC, old.connection_established_time
    ) AS copy,
    -- In the order of the last SELECT.
    ROW(
      old.identity, old.identity_key, old.username, old.common_name, old.client_ip, old.client_ipv6_address,
      old.first_seen, old.last_seen, old.last_active, old.first_seen_ended, old.begins_given, old.ends_given,
      old.connection_established_time, old.begin_seen, old.began_after,
      old.connection_end_time, old.end_seen, old.ended_after, old.ended_before, old.ends_at, old.duration_seconds, old.as_of,
      old.ingress_bytes, old.egress_bytes, old.ingress_packets, old.egress_packets,
      old.status_code, old.status_message, old.failed_to_terminate, old.posture_compliance_statuses,
      old.snapshots, old.complete_snapshots, old.snapshots_by_day, old.watched, old.gaps, old.covered
    ) AS old_row
  FROM sessions AS old
  FULL JOIN shown AS new
    ON new.account_id = old.account_id
    AND new.region = old.region
    AND new.endpoint_id = old.endpoint_id
    AND new.connection_id = old.connection_id
  WHERE new.connection_id IS NOT NULL
    OR old.begins_given IS NULL
    OR old.begin_seen IS DISTINCT FROM true
    OR old.end_seen IS DISTINCT FROM true
    OR old.watched IS DISTINCT FROM true
    OR old.gaps IS DISTINCT FROM '[]'
    OR old.ended_before >= TIMESTAMP '{from_date} 00:00:00' - INTERVAL '3' DAY
  WINDOW copies AS (
    PARTITION BY
      coalesce(old.account_id, new.account_id),
      coalesce(old.region, new.region),
      coalesce(old.endpoint_id, new.endpoint_id),
      coalesce(old.connection_id, new.connection_id)
  )
),
joined AS (
  SELECT
    *,
    least(coalesce(old_first_seen, new_first_seen), coalesce(new_first_seen, old_first_seen)) AS first_seen,
    greatest(coalesce(old_last_seen, new_last_seen), coalesce(new_last_seen, old_last_seen)) AS last_seen,
    greatest(coalesce(old_last_active, new_last_active), coalesce(new_last_active, old_last_active)) AS last_active
  FROM remembered
  WHERE copy = 1
),
