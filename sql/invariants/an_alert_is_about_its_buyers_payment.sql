-- A fraud alert that names a payment is about who made that payment.
SELECT alert.alert_id, alert.user_id, payment.payment_id, payment.user_id AS payer_id
  FROM fraud_alerts alert
  JOIN payments payment ON payment.payment_id = alert.payment_id
 WHERE payment.user_id <> alert.user_id;
