-- Puts the small files that the merges leave together into larger ones, and rewrites files without the rows that were deleted from them.
OPTIMIZE sessions REWRITE DATA USING BIN_PACK
