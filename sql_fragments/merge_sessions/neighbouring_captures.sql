-- Finds the captures and listings before and after each session, in one list of sessions and entries of the record (timeline,
-- beside_entries, beside_listings_without), and the first capture that no longer shows it (missed). They bound a beginning or an end
-- that AWS did not give (closed).
timeline AS (
  -- The sessions and the entries of the ledger, one below the other: no entry has a connection.
  SELECT
    dated.*,
    entry_at,
    entry_ends,
    is_attempt,
    is_listed,
    coalesce(dated.account_id, entry_account_id) AS of_account_id,
    coalesce(dated.region, entry_region) AS of_region,
    coalesce(dated.endpoint_id, entry_endpoint_id) AS of_endpoint_id,
    coalesce(dated.last_seen, entry_at) AS after,
    coalesce(dated.watched_from, entry_ends, entry_at) AS before
  FROM dated
  FULL JOIN entries_in_order
    ON entries_in_order.entry_connection_id = dated.connection_id
),
beside_entries AS (
  -- Descending, and after is never null, as in sql_fragments/holes.sql.
  SELECT
    *,
    -- Of all captures that began later, the first end.
    min(entry_ends) OVER (
      PARTITION BY of_account_id, of_region, of_endpoint_id
      ORDER BY after DESC RANGE BETWEEN UNBOUNDED PRECEDING AND INTERVAL '0.001' SECOND PRECEDING
    ) AS next_capture_ends,
    min(if(of_endpoint_id = '*' AND entry_ends IS NOT NULL, ROW(entry_at, entry_ends))) OVER (
      PARTITION BY of_account_id, of_region
      ORDER BY after DESC RANGE BETWEEN UNBOUNDED PRECEDING AND INTERVAL '0.001' SECOND PRECEDING
    ) AS next_listing,
    min(if(is_listed, entry_at)) OVER (
      PARTITION BY of_account_id, of_region, of_endpoint_id
      ORDER BY after DESC RANGE BETWEEN UNBOUNDED PRECEDING AND INTERVAL '0.001' SECOND PRECEDING
    ) AS next_listed,
    -- Of all captures that had ended by then, the last beginning.
    max(if(entry_ends IS NOT NULL, entry_at)) OVER (
      PARTITION BY of_account_id, of_region, of_endpoint_id
      ORDER BY before RANGE UNBOUNDED PRECEDING
    ) AS preceded_by,
    min(if(is_attempt, entry_at)) OVER (PARTITION BY of_account_id, of_region, of_endpoint_id) AS first_attempt
  FROM timeline
),
beside_listings_without AS (
  SELECT
    *,
    min(if(coalesce(next_listing[1] < next_listed, true), next_listing[2])) OVER (
      PARTITION BY of_account_id, of_region, of_endpoint_id
      ORDER BY after DESC RANGE UNBOUNDED PRECEDING
    ) AS next_without_ends
  FROM beside_entries
),
missed AS (
  -- The captures and listings that began after its last sight do not show it.
  SELECT
    *,
    if(
      NOT shown_ended,
      array_min(filter(ARRAY[next_capture_ends, next_without_ends], look -> look IS NOT NULL))
    ) AS missed_by
  FROM beside_listings_without
  WHERE connection_id IS NOT NULL
),
closed AS (
  SELECT
    *,
    CASE
      WHEN end_stands THEN true
      WHEN shown_ended OR missed_by IS NOT NULL THEN false
    END AS end_seen,
    if(end_stands, greatest(established, end_time), coalesce(last_active, if(begin_seen, established))) AS ended_after,
    CASE
      WHEN end_stands THEN greatest(established, end_time)
      WHEN shown_ended THEN first_seen_ended
      ELSE missed_by
    END AS ended_before,
    greatest(established, if(end_stands, end_time, coalesce(last_active, established))) AS ends_at,
    -- A capture after its end that did not show it contradicts AWS, and says nothing of its beginning.
    if(NOT begin_seen AND preceded_by < established, preceded_by) AS began_after
  FROM missed
),
