-- Puts the small files that the merges leave together into larger ones.
OPTIMIZE sessions REWRITE DATA USING BIN_PACK
