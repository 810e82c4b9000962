#!/bin/sh
# Buys a course with the stock client: sh call.sh USER COURSE TRANSACTION_ID mysql --host=HOST --user=USER DATABASE
# Prints "enrollment_id status". The password: in MYSQL_PWD or the client's option file.
case "$1$2$3" in *[!A-Za-z0-9_.-]*) echo 'error: write ids with letters, digits, _ . -' >&2; exit 2 ;; esac
values="SET @user_id = '$1', @course_id = '$2', @transaction_id = '$3';"
call=$(dirname "$0")/call.sql
shift 3

tried=1
exec 3>&1
until error=$({ echo "$values"; cat "$call"; } | "$@" --batch --skip-column-names 2>&1 >&3); do
  case $tried$error in
    5*) echo "$error" >&2; exit 1 ;;
    *"ERROR 1205 "* | *"ERROR 1213 "*) ;; # lock wait timeout, deadlock
    *"ERROR 1053 "* | *"ERROR 2002 "* | *"ERROR 2003 "* | *"ERROR 2006 "* | *"ERROR 2013 "*) ;; # no connection, or lost
    *) echo "$error" >&2; exit 1 ;;
  esac
  sleep "$(awk -v seed="$$$tried" -v tried="$tried" 'BEGIN { srand(seed); print rand() * 0.1 * 2 ^ tried }')"
  tried=$((tried + 1)) # then again, with the SAME transaction id
done
