-- Carts, orders and purchases around a gateway: one confirmed, one that waits, one that failed, one that came too late.

INSERT INTO promotions (promotion_id, code, discount_type, amount, min_purchase, max_uses, per_customer) VALUES
  (401, 'WELCOME10', 'percentage',   10, 0,  NULL, 1),
  (402, 'FIVEOFF',   'fixed_amount', 5,  30, 100,  NULL);

INSERT INTO carts (cart_id, user_id) VALUES (501, 1048), (502, 1049), (503, 1050);
INSERT INTO cart_items (cart_id, course_id) VALUES (501, 101), (501, 104), (502, 101), (503, 104);

CALL place_order(501, 'WELCOME10', 'demo-cart-501', @order_id, @status);
CALL confirm_order(@order_id, 'ch_demoCart501', @status);
CALL place_order(502, 'FIVEOFF', 'demo-cart-502', @order_id, @status);
CALL place_order(503, NULL, 'demo-cart-503', @order_id, @status);
CALL fail_order(@order_id, 'The card was declined.', @status);

CALL begin_purchase(1050, 101, 'paypal', 'demo-late', @payment_id, @status);
CALL fail_purchase(@payment_id, 'The gateway said no, and took the money all the same.', @status);
CALL complete_purchase(@payment_id, 'PAY-demoLate', @enrollment_id, @status);

CALL summarize_daily_revenue(UTC_DATE());
