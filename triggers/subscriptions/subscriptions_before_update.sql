-- A subscription that has ended, cancelled or expired, stays so. What stands is active or past_due, and may end.

DELIMITER $$
CREATE TRIGGER subscriptions_before_update BEFORE UPDATE ON subscriptions FOR EACH ROW
BEGIN
  IF NEW.status <> OLD.status AND OLD.status IN ('cancelled', 'expired') THEN
    CALL raise_error('ILLEGAL_SUBSCRIPTION_STATUS', CONCAT(OLD.subscription_id, ': ', OLD.status, ' to ', NEW.status));
  END IF;
END$$
DELIMITER ;
