-- Prepares what sql_fragments/holes.sql gives: collects the gaps of each endpoint that are holes or may become holes (holes), and names
-- the columns of its captures, attempts and listings so that they can stand beside those of sessions (entries_in_order).
holes AS (
  -- For each endpoint: the gaps that are holes, or may become holes since nothing follows yet.
  SELECT
    account_id,
    region,
    endpoint_id,
    CAST(min(gap_begins) AS timestamp(6)) AS beginning,
    array_agg(
      CAST(ROW(gap_begins, gap_ends, is_hole) AS ROW(begins_at timestamp(6), ends_at timestamp(6), is_hole boolean))
    ) FILTER (WHERE is_hole OR open) AS gaps
  FROM gaps
  GROUP BY account_id, region, endpoint_id
),
entries_in_order AS (
  -- The same entries of the ledger one by one: captures and listings have an end.
  SELECT
    account_id AS entry_account_id,
    region AS entry_region,
    endpoint_id AS entry_endpoint_id,
    CAST(at AS timestamp(6)) AS entry_at,
    CAST(ends AS timestamp(6)) AS entry_ends,
    kind = 'listed' AS is_listed,
    kind = 'attempt' AS is_attempt,
    -- Null, always.
    nullif(endpoint_id, endpoint_id) AS entry_connection_id
  FROM ordered
),
