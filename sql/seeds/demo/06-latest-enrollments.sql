-- The last weeks: two scholarships, a refund, and two bootcamps whose price makes the fraud rules look twice.

CALL enroll_student(1046, 108, @enrollment, @result);
CALL process_course_purchase(1040, 109, 'paypal',        'PAY-ZpSjMoZ97V', @enrollment, @status);
CALL process_course_purchase(1044, 104, 'paypal',        'PAY-sajpThuCXX', @enrollment, @status);
CALL process_course_purchase(1025, 102, 'paypal',        'PAY-7brWbxtZoZ', @enrollment, @status);
CALL process_course_purchase(1043, 101, 'credit_card',   'ch_Swgbr3NZKX', @enrollment, @status);
CALL process_course_purchase(1047, 110, 'credit_card',   'ch_5J2rQfjUP3', @enrollment, @status);
CALL process_course_purchase(1037, 105, 'credit_card',   'ch_sFREaDgxGT', @enrollment, @status);
CALL process_refund(@enrollment, @result);
CALL process_course_purchase(1031, 109, 'paypal',        'PAY-Q3YXSjApRp', @enrollment, @status);
CALL process_course_purchase(1028, 101, 'paypal',        'PAY-cYbN2pD6py', @enrollment, @status);
CALL enroll_student(1045, 109, @enrollment, @result);
CALL enroll_student(1036, 110, @enrollment, @result);
CALL process_course_purchase(1024, 106, 'stripe',        'pi_mSS8kdgB4u', @enrollment, @status);
CALL process_course_purchase(1033, 110, 'credit_card',   'ch_9Hn6CPv7hd', @enrollment, @status);
CALL enroll_student(1015, 108, @enrollment, @result);
CALL process_course_purchase(1012, 106, 'paypal',        'PAY-rp7qmvnHgy', @enrollment, @status);
CALL process_course_purchase(1042, 104, 'credit_card',   'ch_xejJYJnoKK', @enrollment, @status);
