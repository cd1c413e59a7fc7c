-- Puts the small files that the merges leave together into larger ones.
OPTIMIZE captures REWRITE DATA USING BIN_PACK
