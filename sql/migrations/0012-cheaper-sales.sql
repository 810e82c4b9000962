-- What a sale reads and writes, made narrower: when a user's payments changed no longer stands in the row of users, whose
-- trigger and CHECKs cost more than the change itself; and a flash sale's buyers read how many slots it has with its terms.

CREATE TABLE payment_clocks (
  user_id     BIGINT UNSIGNED NOT NULL COMMENT 'Whose payments; no foreign key: it would lock the user',
  changed_at  DATETIME(6)     NULL     COMMENT 'UTC; when one of them last changed; NULL: there was none',
  PRIMARY KEY (user_id)
) COMMENT 'Tells a snapshot that does not show a user''s last payment that it is old; by trigger';

INSERT INTO payment_clocks (user_id, changed_at)
SELECT user_id, payments_changed_at FROM users;

ALTER TABLE users DROP COLUMN payments_changed_at;

ALTER TABLE flash_sale_terms
  ADD COLUMN slots SMALLINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'Rows of flash_sale_stock';

UPDATE flash_sale_terms terms
   SET slots = (SELECT COUNT(*) FROM flash_sale_stock stock WHERE stock.sale_id = terms.sale_id);
