-- A fraud alert that names a payment names one of the same user, archived or not. One whose year was dropped is not
-- missed: ids up to the oldest that is kept.
-- along: fraud_alerts.alert_id
SELECT alert.alert_id, alert.user_id, alert.payment_id
  FROM fraud_alerts alert
  LEFT JOIN payments payment ON payment.payment_id = alert.payment_id
  LEFT JOIN payments_history archived ON archived.payment_id = alert.payment_id
 WHERE alert.alert_id BETWEEN @first AND @last
   AND alert.payment_id IS NOT NULL
   AND NOT COALESCE(payment.user_id, archived.user_id) <=> alert.user_id
   AND alert.payment_id >= COALESCE((SELECT MIN(payment_id) FROM payments_history),
                                    (SELECT MIN(payment_id) FROM payments), 0);
