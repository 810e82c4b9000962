#!/bin/sh
# What `make up` ends with: a purchase, a refund and a flash sale, made through the procedures. Run from the project's
# folder. Safe to repeat: the second time nothing changes, and the answers say so.
set -eu
learnhub_db=${LEARNHUB:-.venv/bin/learnhub-db}

show() {
    echo "\$ $learnhub_db $*"
    $learnhub_db "$@"
    echo
}

echo
echo '# Noor Haddad (1012) buys Python First Steps (104).'
show call process_course_purchase 1012 104 credit_card ch_Noor104

echo '# A purchase that is repeated returns its first outcome: which enrollment was it that she bought the other day?'
bought=$(show call process_course_purchase 1012 106 paypal PAY-rp7qmvnHgy)
echo "$bought"
echo

echo '# She gives it back. That works once.'
show call process_refund "$(echo "$bought" | sed -n 's/^p_enrollment_id = //p')"

echo '# She buys Charts that Explain for $19.00 instead of $45.00: flash sale 302, one seat each, for a week.'
show call enroll_in_flash_sale 1012 302
