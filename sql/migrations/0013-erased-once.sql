-- The key itself says that a user is erased once: erase_user inserts first, and looks for no missing row.

ALTER TABLE erasure_log
  DROP KEY erasures_of_user,
  ADD UNIQUE KEY a_user_is_erased_once (user_id);
