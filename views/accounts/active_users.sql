-- Users that are not deleted, every column.

CREATE OR REPLACE SQL SECURITY DEFINER VIEW active_users AS
SELECT user_id, name, email, user_type, password_hash, deleted_at, deletion_reason, created_at, updated_at
  FROM users
 WHERE deleted_at IS NULL;
