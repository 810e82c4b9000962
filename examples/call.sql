-- Buys a course. OUT values come back in user variables, which live and die with the connection: read them on the
-- one that called. Give the values first, in the same session, and let the mysql client stop at the first error:
--
--   (echo "SET @user_id = 7, @course_id = 1, @transaction_id = 'ch_3AbC';"; cat examples/call.sql) | mysql learnhub
--
-- call.sh is the same with retries.

CALL process_course_purchase(@user_id, @course_id, 'credit_card', @transaction_id, @enrollment_id, @status);
SELECT @enrollment_id AS enrollment_id, @status AS status;
