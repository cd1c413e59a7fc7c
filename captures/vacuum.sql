-- Removes what is left of old versions of the table. The evidence is not touched.
VACUUM captures
