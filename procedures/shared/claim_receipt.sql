-- Claims a key for an operation, or returns what the first call with that key returned.
--
-- Inserts first: looking for a missing row first would lock the gap it belongs in. ON DUPLICATE KEY, because a bare INSERT
-- shares the lock of a row that is there or was: two who wait for it deadlock when its holder deletes it. The caller
-- writes the outcome into the receipt when it is SUCCESS or FAILED, and deletes the receipt when the call is refused.
--
-- Parameters
--   p_operation  the procedure that asks
--   p_key        the caller's transaction id or idempotency key
--   p_arguments  every other argument, joined
--   p_outcome    NULL: the key is now yours; else the outcome of the first call
-- Errors
--   30005 KEY_REUSED  the first call had other arguments
-- Example
--   CALL claim_receipt('process_course_purchase', 'ch_3AbC', '7|1|paypal', @outcome);

DELIMITER $$
CREATE PROCEDURE claim_receipt(
  IN  p_operation VARCHAR(40)  CHARACTER SET ascii COLLATE ascii_bin,
  IN  p_key       VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin,
  IN  p_arguments TEXT,
  OUT p_outcome   JSON
)
  COMMENT 'Claims a key, or returns what its first call returned'
  SQL SECURITY DEFINER NOT DETERMINISTIC MODIFIES SQL DATA
BEGIN
  DECLARE v_sha256 CHAR(64) CHARACTER SET ascii COLLATE ascii_bin DEFAULT SHA2(p_arguments, 256);
  DECLARE v_first  CHAR(64) CHARACTER SET ascii COLLATE ascii_bin;

  INSERT INTO receipts (operation, receipt_key, arguments_sha256) VALUES (p_operation, p_key, v_sha256)
    ON DUPLICATE KEY UPDATE receipt_key = receipts.receipt_key;
  SELECT arguments_sha256, outcome INTO v_first, p_outcome
    FROM receipts WHERE operation = p_operation AND receipt_key = p_key FOR UPDATE;
  IF v_first <> v_sha256 THEN
    CALL raise_error('KEY_REUSED', p_key);
  END IF;
END$$
DELIMITER ;
