-- A receipt says what its call returned: none without an outcome is ever committed.
--
-- Its key is a caller's word, no number to go along: one pass over the table.
SELECT operation, receipt_key, created_at FROM receipts WHERE outcome IS NULL;
