-- Which user names were used with several certificates?
-- Serves: PCI DSS 8.2.2, NIST SP 800-53 IA-5(2).
-- Edit: how many days back.
SELECT
  username,
  count(DISTINCT common_name) AS certificates,
  array_join(array_sort(array_agg(DISTINCT common_name)), ', ') AS common_names,
  count(*) AS sessions,
  min(connection_established_time) AS first_use,
  max(coalesce(connection_end_time, last_seen)) AS last_use
FROM sessions
WHERE connection_established_time >= current_date - INTERVAL '90' DAY
  -- Without a certificate AWS sends the user's name here too.
  AND common_name <> username
GROUP BY username
HAVING count(DISTINCT common_name) > 1
ORDER BY certificates DESC, username
