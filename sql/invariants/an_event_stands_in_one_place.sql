-- An event stands in payment_events or in payment_events_history, never in both.
-- along: payment_events_history.event_id
SELECT event.event_id, event.payment_id
  FROM payment_events_history archived
  JOIN payment_events event ON event.event_id = archived.event_id
 WHERE archived.event_id BETWEEN @first AND @last;
