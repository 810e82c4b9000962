-- Every counter, with what is not folded yet, equals a recount; seats taken and the stock of sales too.
SELECT counter, row_id, stored_value, recounted_value FROM v_counter_drift;
