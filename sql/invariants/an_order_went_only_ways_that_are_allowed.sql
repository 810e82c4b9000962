-- The events of an order are a path of its state machine that ends at its status: placed first, each step from where
-- the one before it ended, and only allowed steps.
-- along: orders.order_id
SELECT step.order_id, step.event_id, step.previous, step.from_status, step.to_status, placed.status
  FROM (SELECT event_id, order_id, from_status, to_status,
               LAG(to_status) OVER path AS previous,
               LEAD(event_id) OVER path AS following
          FROM order_events
         WHERE order_id BETWEEN @first AND @last
        WINDOW path AS (PARTITION BY order_id ORDER BY event_id)) step
  JOIN orders placed ON placed.order_id = step.order_id
 WHERE NOT step.from_status <=> step.previous
    OR (step.following IS NULL AND step.to_status <> placed.status)
    OR (step.from_status IS NOT NULL
        AND (step.from_status, step.to_status) NOT IN (('pending_payment', 'confirmed'),
                                                       ('pending_payment', 'payment_failed'),
                                                       ('pending_payment', 'cancelled'),
                                                       ('confirmed', 'refunded')))
UNION ALL
SELECT placed.order_id, NULL, NULL, NULL, NULL, placed.status
  FROM orders placed
 WHERE placed.order_id BETWEEN @first AND @last
   AND NOT EXISTS (SELECT 1 FROM order_events WHERE order_id = placed.order_id);
