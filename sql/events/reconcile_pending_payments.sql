-- The job of the same name for a server whose event scheduler is on. Off until somebody enables it: one of the two.

DELIMITER $$
CREATE EVENT reconcile_pending_payments
  ON SCHEDULE EVERY 5 MINUTE
  ON COMPLETION PRESERVE
  DISABLE
  COMMENT 'Lets what is pending for half an hour expire'
  DO BEGIN
    IF GET_LOCK(SHA2(CONCAT('reconcile_pending_payments.', DATABASE()), 256), 0) THEN
      CALL reconcile_pending_payments(30, @expired);
      DO RELEASE_LOCK(SHA2(CONCAT('reconcile_pending_payments.', DATABASE()), 256));
    END IF;
  END$$
DELIMITER ;
