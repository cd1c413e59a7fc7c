-- Adds to `captures` what the run records of the snapshots since {from_time} say. A run record is never changed, so a row never is:
-- merges in any order, of any time, end in the same rows.
-- A record that cannot be read, or an entry with a time that cannot be, is a row of kind unreadable: it proves nothing, and must not
-- keep the others from being merged.
MERGE INTO captures AS known
USING (
  SELECT
    ledger.record_key,
    entry.entry,
    CAST(ledger.snapshot_date AS date) AS snapshot_date,
    if(
      attempted_at IS NULL
        OR try(from_iso8601_timestamp(ledger.start)) IS NULL
        OR try(from_iso8601_timestamp(ledger.snapshot_time)) IS NULL
        OR (entry.first_page_at IS NOT NULL AND try(from_iso8601_timestamp(entry.first_page_at)) IS NULL)
        OR (entry.last_page_at IS NOT NULL AND try(from_iso8601_timestamp(entry.last_page_at)) IS NULL)
        OR (
          entry.kind = 'window'
          AND coalesce(
            try(from_iso8601_timestamp(entry.window_start)) >= try(from_iso8601_timestamp(entry.window_end)),
            true
          )
        ),
      'unreadable',
      entry.kind
    ) AS kind,
    entry.account_id,
    entry.region,
    entry.endpoint_id,
    CAST(try(from_iso8601_timestamp(ledger.snapshot_time)) AT TIME ZONE 'UTC' AS timestamp(6)) AS snapshot_time,
    -- Null in a record that is older than the field.
    coalesce(ledger.scheduled, true) AS scheduled,
    entry.outcome,
    entry.error_code,
    CAST(attempted_at AT TIME ZONE 'UTC' AS timestamp(6)) AS attempted_at,
    CAST(try(from_iso8601_timestamp(entry.first_page_at)) AT TIME ZONE 'UTC' AS timestamp(6)) AS first_page_at,
    CAST(try(from_iso8601_timestamp(entry.last_page_at)) AT TIME ZONE 'UTC' AS timestamp(6)) AS last_page_at,
    entry.object_key,
    entry.active_connections,
    -- As text: Athena has timed out on setting an array in MERGE.
    json_format(CAST(entry.endpoint_ids AS json)) AS endpoint_ids,
    entry.log_group,
    CAST(try(from_iso8601_timestamp(entry.window_start)) AT TIME ZONE 'UTC' AS timestamp(6)) AS window_start,
    CAST(try(from_iso8601_timestamp(entry.window_end)) AT TIME ZONE 'UTC' AS timestamp(6)) AS window_end,
    entry.late,
    CAST(from_iso8601_timestamp('{merged_at}') AT TIME ZONE 'UTC' AS timestamp(6)) AS added_at
  FROM (
    SELECT
      -- Without the bucket, so that the evidence may move.
      regexp_replace("$path", '^.*/runs/', 'runs/') AS record_key,
      account_id, region, snapshot_date, snapshot_time, start, scheduled, targets, places
    FROM runs
    WHERE runs.snapshot_date >= CAST(CAST(TIMESTAMP '{from_time}' AS date) AS varchar)
      -- No earlier snapshot of that day: the merge of sessions, which comes next, does not read its rows.
      AND coalesce(try(from_iso8601_timestamp(runs.snapshot_time)) >= TIMESTAMP '{from_time} UTC', true)
  ) AS ledger
  CROSS JOIN UNNEST(
    transform(
      coalesce(targets, ARRAY[]),
      target -> ROW(
        'target', target.account_id, target.region, target.endpoint_id, target.outcome, target.error.code,
        target.first_page_requested_at, target.first_page_at, target.last_page_at,
        target.object_key, target.active, CAST(NULL AS array(varchar)),
        CAST(NULL AS varchar), CAST(NULL AS varchar), CAST(NULL AS varchar), CAST(NULL AS boolean)
      )
    )
    || transform(
      filter(coalesce(places, ARRAY[]), place -> place.discovery IS NOT NULL),
      -- With LedgerUnreadable, EC2 listed them, and the list was compared with no earlier one. With another error, the record
      -- repeats an earlier list.
      place -> if(
        coalesce(place.discovery.error.code, 'LedgerUnreadable') = 'LedgerUnreadable' AND place.discovery.endpoints IS NOT NULL,
        ROW(
          'listing', place.account_id, place.region, '*', 'complete', place.discovery.error.code,
          place.discovery.first_page_requested_at, place.discovery.first_page_at, place.discovery.last_page_at,
          CAST(NULL AS varchar), CAST(NULL AS bigint), place.discovery.endpoints,
          CAST(NULL AS varchar), CAST(NULL AS varchar), CAST(NULL AS varchar), CAST(NULL AS boolean)
        ),
        ROW(
          'listing', place.account_id, place.region, '*', 'failed', place.discovery.error.code,
          place.discovery.first_page_requested_at, place.discovery.first_page_at, place.discovery.last_page_at,
          CAST(NULL AS varchar), CAST(NULL AS bigint), CAST(NULL AS array(varchar)),
          CAST(NULL AS varchar), CAST(NULL AS varchar), CAST(NULL AS varchar), CAST(NULL AS boolean)
        )
      )
    )
    || filter(
      ARRAY[ROW(
        'unreadable', ledger.account_id, ledger.region, '*', 'failed', CAST(NULL AS varchar),
        CAST(NULL AS varchar), CAST(NULL AS varchar), CAST(NULL AS varchar),
        CAST(NULL AS varchar), CAST(NULL AS bigint), CAST(NULL AS array(varchar)),
        CAST(NULL AS varchar), CAST(NULL AS varchar), CAST(NULL AS varchar), CAST(NULL AS boolean)
      )],
      record -> ledger.targets IS NULL
    )
    || flatten(transform(
      filter(coalesce(places, ARRAY[]), place -> place.logs IS NOT NULL),
      place -> flatten(transform(
        coalesce(place.logs.groups, ARRAY[]),
        log_group -> transform(
          coalesce(log_group.windows, ARRAY[]),
          log_window -> ROW(
            'window', place.account_id, place.region, CAST(NULL AS varchar), log_window.outcome, log_window.error.code,
            log_window.first_page_requested_at, log_window.first_page_at, log_window.last_page_at,
            log_window.object_key, CAST(NULL AS bigint), log_group.endpoint_ids,
            log_group.log_group, log_window.start, log_window."end", log_window.late
          )
        )
      ))
      || transform(
        filter(
          -- The error of the place stands for every log group.
          ARRAY[CAST(ROW(NULL, place.logs.error.code, NULL) AS ROW(log_group varchar, code varchar, endpoint_ids array(varchar)))]
            || transform(
              coalesce(place.logs.groups, ARRAY[]),
              log_group -> CAST(
                ROW(log_group.log_group, log_group.error.code, log_group.endpoint_ids)
                AS ROW(log_group varchar, code varchar, endpoint_ids array(varchar))
              )
            ),
          failure -> failure.code IS NOT NULL
        ),
        failure -> ROW(
          'log_group', place.account_id, place.region, CAST(NULL AS varchar), 'failed', failure.code,
          CAST(NULL AS varchar), CAST(NULL AS varchar), CAST(NULL AS varchar),
          CAST(NULL AS varchar), CAST(NULL AS bigint), failure.endpoint_ids,
          failure.log_group, CAST(NULL AS varchar), CAST(NULL AS varchar), CAST(NULL AS boolean)
        )
      )
    ))
    -- Last, so that entries of records that were merged before keep their positions.
    || flatten(transform(
      coalesce(places, ARRAY[]),
      place -> filter(
        zip_with(
          ARRAY['endpoints', 'authorization_rules', 'routes'],
          ARRAY[place.endpoints, place.authorization_rules, place.routes],
          (kind, written) -> if(
            written.outcome IS NOT NULL,
            ROW(
              kind, place.account_id, place.region, '*', written.outcome, written.error.code,
              written.first_page_requested_at, written.first_page_at, written.last_page_at,
              written.object_key, CAST(NULL AS bigint),
              if(
                -- Not with the time of the run, as in a record that is older than these times: that is before EC2 was asked.
                kind = 'endpoints' AND written.rows = 0 AND written.error.code IS NULL AND written.first_page_requested_at IS NOT NULL,
                CAST(ARRAY[] AS array(varchar))
              ),
              CAST(NULL AS varchar), CAST(NULL AS varchar), CAST(NULL AS varchar), CAST(NULL AS boolean)
            )
          )
        ),
        written -> written IS NOT NULL
      )
    ))
  ) WITH ORDINALITY AS entry (
    kind, account_id, region, endpoint_id, outcome, error_code,
    first_page_requested_at, first_page_at, last_page_at, object_key, active_connections, endpoint_ids,
    log_group, window_start, window_end, late, entry
  )
  CROSS JOIN UNNEST(
    -- With a time of the request that cannot be read, the run's own does not stand for it.
    ARRAY[try(from_iso8601_timestamp(coalesce(entry.first_page_requested_at, ledger.start)))]
  ) AS attempt (attempted_at)
  -- A record speaks of its own account and Region alone.
  WHERE entry.account_id = ledger.account_id
    AND entry.region = ledger.region
) AS seen
ON known.record_key = seen.record_key
  AND known.entry = seen.entry
  -- Only the months that have these days are read.
  AND known.snapshot_date = seen.snapshot_date
  AND known.snapshot_date >= CAST(TIMESTAMP '{from_time}' AS date)
WHEN NOT MATCHED THEN INSERT (
  record_key, entry, snapshot_date, kind, account_id, region, endpoint_id, snapshot_time, scheduled, outcome, error_code,
  attempted_at, first_page_at, last_page_at, object_key, active_connections, endpoint_ids,
  log_group, window_start, window_end, late, added_at
) VALUES (
  seen.record_key, seen.entry, seen.snapshot_date, seen.kind, seen.account_id, seen.region, seen.endpoint_id,
  seen.snapshot_time, seen.scheduled, seen.outcome, seen.error_code, seen.attempted_at, seen.first_page_at,
  seen.last_page_at, seen.object_key, seen.active_connections, seen.endpoint_ids,
  seen.log_group, seen.window_start, seen.window_end, seen.late, seen.added_at
)
