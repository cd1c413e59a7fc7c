-- Computes the columns of sessions (merged), and selects the rows that are new or that differ from those that sessions has.
merged AS (
  SELECT
    account_id,
    region,
    endpoint_id,
    connection_id,
    is_new,
    copies,
    kept_time,
    old_row,
    coalesce(username, common_name) AS identity,
    lower(coalesce(
      nullif(regexp_replace(coalesce(username, common_name), '^[^\\]*\\', ''), ''),
      coalesce(username, common_name)
    )) AS identity_key,
    username,
    common_name,
    client_ip,
    client_ipv6_address,
    first_seen,
    last_seen,
    last_active,
    first_seen_ended,
    json_format(CAST(array_sort(array_distinct(begins)) AS json)) AS begins_given,
    json_format(CAST(ends AS json)) AS ends_given,
    established AS connection_established_time,
    begin_seen,
    began_after,
    end_time AS connection_end_time,
    end_seen,
    ended_after,
    ended_before,
    ends_at,
    date_diff('second', established, ends_at) AS duration_seconds,
    coalesce(missed_by, last_seen) AS as_of,
    ingress_bytes,
    egress_bytes,
    ingress_packets,
    egress_packets,
    status_code,
    status_message,
    failed_to_terminate,
    -- As text: Athena has timed out on setting an array in MERGE.
    json_format(CAST(posture_compliance_statuses AS json)) AS posture_compliance_statuses,
    reduce(map_values(all_snapshots_by_day), BIGINT '0', (sum, counts) -> sum + counts[1], sum -> sum) AS snapshots,
    reduce(map_values(all_snapshots_by_day), BIGINT '0', (sum, counts) -> sum + counts[2], sum -> sum) AS complete_snapshots,
    json_format(CAST(all_snapshots_by_day AS json)) AS snapshots_by_day,
    is_watched AS watched,
    json_format(CAST(
      array_sort(transform(gaps_of_it, gap -> CAST(CAST(gap.begins_at AS timestamp(3)) AS varchar))) AS json
    )) AS gaps,
    is_watched
      AND missed_by IS NULL
      AND none_match(gaps_of_it, gap -> gap.is_hole AND gap.begins_at <= greatest(coalesce(ended_before, last_seen), watched_from))
      AS covered
  FROM watched
)
SELECT *
FROM merged
WHERE is_new
  OR copies > 1
  OR old_row IS DISTINCT FROM ROW(
    identity, identity_key, username, common_name, client_ip, client_ipv6_address,
    first_seen, last_seen, last_active, first_seen_ended, begins_given, ends_given,
    connection_established_time, begin_seen, began_after,
    connection_end_time, end_seen, ended_after, ended_before, ends_at, duration_seconds, as_of,
    ingress_bytes, egress_bytes, ingress_packets, egress_packets,
    status_code, status_message, failed_to_terminate, posture_compliance_statuses,
    snapshots, complete_snapshots, snapshots_by_day, watched, gaps, covered
  )
