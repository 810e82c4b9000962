-- What they learnt, and what that let them buy next: 102 requires 101, 103 requires 102, 105 requires 104.

-- @steps: for each course what there is to do, in order, as record_progress takes it: the sections of a lesson that has
-- some, else the lesson.
SELECT JSON_OBJECTAGG(CONCAT('c', course_id), steps) INTO @steps
  FROM (SELECT lesson.course_id,
               JSON_ARRAYAGG(JSON_OBJECT(
                 IF(section.section_id IS NULL, 'lesson_id', 'section_id'),
                 COALESCE(section.section_id, lesson.lesson_id),
                 'time_spent_minutes', COALESCE(section.duration_minutes, lesson.duration_minutes) + 3,
                 'completed', TRUE
               )) OVER (PARTITION BY lesson.course_id ORDER BY lesson.order_index, section.order_index
                        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS steps,
               ROW_NUMBER() OVER (PARTITION BY lesson.course_id) AS place
          FROM lessons lesson
          LEFT JOIN lesson_sections section ON section.lesson_id = lesson.lesson_id
         WHERE lesson.course_id BETWEEN 101 AND 112) course
 WHERE place = 1;

CALL record_progress(1011, JSON_EXTRACT(@steps, '$.c101[*]'));
CALL record_progress(1014, JSON_EXTRACT(@steps, '$.c101[*]'));
CALL record_progress(1016, JSON_EXTRACT(@steps, '$.c101[*]'));
CALL record_progress(1018, JSON_EXTRACT(@steps, '$.c101[*]'));
CALL record_progress(1023, JSON_EXTRACT(@steps, '$.c101[*]'));
CALL record_progress(1025, JSON_EXTRACT(@steps, '$.c101[*]'));
CALL record_progress(1030, JSON_EXTRACT(@steps, '$.c101[*]'));
CALL record_progress(1013, JSON_EXTRACT(@steps, '$.c101[0 to 6]'));
CALL record_progress(1015, JSON_EXTRACT(@steps, '$.c101[0 to 2]'));
CALL record_progress(1019, JSON_EXTRACT(@steps, '$.c101[0 to 7]'));
CALL record_progress(1021, JSON_EXTRACT(@steps, '$.c101[0 to 5]'));
CALL record_progress(1033, JSON_EXTRACT(@steps, '$.c101[0 to 3]'));
CALL record_progress(1036, JSON_EXTRACT(@steps, '$.c101[0 to 8]'));
CALL record_progress(1039, JSON_EXTRACT(@steps, '$.c101[0 to 1]'));
CALL record_progress(1014, JSON_EXTRACT(@steps, '$.c104[*]'));
CALL record_progress(1017, JSON_EXTRACT(@steps, '$.c104[*]'));
CALL record_progress(1020, JSON_EXTRACT(@steps, '$.c104[*]'));
CALL record_progress(1022, JSON_EXTRACT(@steps, '$.c104[*]'));
CALL record_progress(1037, JSON_EXTRACT(@steps, '$.c104[*]'));
CALL record_progress(1011, JSON_EXTRACT(@steps, '$.c104[0 to 3]'));
CALL record_progress(1018, JSON_EXTRACT(@steps, '$.c104[0 to 6]'));
CALL record_progress(1024, JSON_EXTRACT(@steps, '$.c104[0 to 2]'));
CALL record_progress(1026, JSON_EXTRACT(@steps, '$.c104[0 to 8]'));
CALL record_progress(1029, JSON_EXTRACT(@steps, '$.c104[0 to 0]'));
CALL record_progress(1034, JSON_EXTRACT(@steps, '$.c104[0 to 5]'));
CALL record_progress(1040, JSON_EXTRACT(@steps, '$.c104[0 to 3]'));
CALL record_progress(1016, JSON_EXTRACT(@steps, '$.c106[*]'));
CALL record_progress(1020, JSON_EXTRACT(@steps, '$.c106[0 to 3]'));
CALL record_progress(1035, JSON_EXTRACT(@steps, '$.c106[0 to 1]'));
CALL record_progress(1022, JSON_EXTRACT(@steps, '$.c107[*]'));
CALL record_progress(1032, JSON_EXTRACT(@steps, '$.c107[*]'));
CALL record_progress(1013, JSON_EXTRACT(@steps, '$.c107[0 to 0]'));
CALL record_progress(1029, JSON_EXTRACT(@steps, '$.c107[0 to 2]'));
CALL record_progress(1012, JSON_EXTRACT(@steps, '$.c108[*]'));
CALL record_progress(1017, JSON_EXTRACT(@steps, '$.c108[*]'));
CALL record_progress(1028, JSON_EXTRACT(@steps, '$.c108[*]'));
CALL record_progress(1038, JSON_EXTRACT(@steps, '$.c108[*]'));
CALL record_progress(1043, JSON_EXTRACT(@steps, '$.c108[*]'));
CALL record_progress(1019, JSON_EXTRACT(@steps, '$.c108[0 to 2]'));
CALL record_progress(1032, JSON_EXTRACT(@steps, '$.c108[0 to 1]'));
CALL record_progress(1044, JSON_EXTRACT(@steps, '$.c108[0 to 0]'));
CALL record_progress(1026, JSON_EXTRACT(@steps, '$.c109[*]'));
CALL record_progress(1021, JSON_EXTRACT(@steps, '$.c109[0 to 3]'));
CALL record_progress(1038, JSON_EXTRACT(@steps, '$.c109[0 to 1]'));
CALL record_progress(1027, JSON_EXTRACT(@steps, '$.c112[*]'));
CALL record_progress(1035, JSON_EXTRACT(@steps, '$.c112[0 to 1]'));

CALL process_course_purchase(1011, 102, 'credit_card',   'ch_BZ3txraGT8', @enrollment, @status);
CALL process_course_purchase(1016, 102, 'paypal',        'PAY-73fe7LptM6', @enrollment, @status);
CALL process_course_purchase(1014, 105, 'stripe',        'pi_iXrueLsAou', @enrollment, @status);
CALL process_course_purchase(1014, 102, 'credit_card',   'ch_E4dvQCx3TT', @enrollment, @status);
CALL process_course_purchase(1022, 105, 'bank_transfer', 'bt_3qQXjTM4sK', @enrollment, @status);
CALL process_course_purchase(1018, 102, 'paypal',        'PAY-c5L5dMBQks', @enrollment, @status);
CALL process_course_purchase(1017, 105, 'paypal',        'PAY-nxoGyMeE5h', @enrollment, @status);
CALL process_course_purchase(1023, 102, 'stripe',        'pi_dXUZQjvAvN', @enrollment, @status);
CALL process_course_purchase(1020, 105, 'paypal',        'PAY-FfoFjJuTff', @enrollment, @status);

CALL record_progress(1011, JSON_EXTRACT(@steps, '$.c102[*]'));
CALL record_progress(1016, JSON_EXTRACT(@steps, '$.c102[*]'));
CALL record_progress(1014, JSON_EXTRACT(@steps, '$.c102[0 to 2]'));
CALL record_progress(1018, JSON_EXTRACT(@steps, '$.c102[0 to 3]'));
CALL record_progress(1014, JSON_EXTRACT(@steps, '$.c105[*]'));
CALL record_progress(1017, JSON_EXTRACT(@steps, '$.c105[0 to 1]'));
CALL record_progress(1022, JSON_EXTRACT(@steps, '$.c105[0 to 3]'));

CALL process_course_purchase(1016, 103, 'credit_card',   'ch_ZA2UuyYoMQ', @enrollment, @status);
CALL process_course_purchase(1011, 103, 'credit_card',   'ch_dn6PQvXudS', @enrollment, @status);

CALL record_progress(1011, JSON_EXTRACT(@steps, '$.c103[0 to 1]'));
