-- A receipt says what its call returned: none without an outcome is ever committed.
SELECT operation, receipt_key, created_at FROM receipts WHERE outcome IS NULL;
