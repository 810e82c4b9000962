-- The job of the same name for a server whose event scheduler is on. Off until somebody enables it: one of the two.

DELIMITER $$
CREATE EVENT renew_due_subscriptions
  ON SCHEDULE EVERY 1 HOUR
  ON COMPLETION PRESERVE
  DISABLE
  COMMENT 'Renews what is due'
  DO BEGIN
    IF GET_LOCK(SHA2(CONCAT('renew_due_subscriptions.', DATABASE()), 256), 0) THEN
      CALL renew_due_subscriptions(UTC_DATE(), @renewed, @failed);
      DO RELEASE_LOCK(SHA2(CONCAT('renew_due_subscriptions.', DATABASE()), 256));
    END IF;
  END$$
DELIMITER ;
