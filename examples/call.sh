#!/bin/sh
# Buys a course with the stock client: sh call.sh USER COURSE TRANSACTION_ID mysql --host=HOST --user=USER DATABASE
# Prints "enrollment_id status". The password: MYSQL_PWD, or the client's option file.
values="SET @user_id = '$1', @course_id = '$2', @transaction_id = '$3';"
case "$1$2$3" in *[!A-Za-z0-9_.-]*) echo 'error: ids are letters, digits, _ . -' >&2; exit 2 ;; esac
call=$(dirname "$0")/call.sql
shift 3

tries=5
exec 3>&1
until error=$({ echo "$values"; cat "$call"; } | "$@" --batch --skip-column-names 2>&1 >&3); do
  tries=$((tries - 1))
  case $error in
    # lock wait timeout, deadlock, no connection, lost connection: again, with the SAME transaction id
    *"ERROR 1205 "* | *"ERROR 1213 "* | *"ERROR 200"[236]" "* | *"ERROR 2013 "*) ;;
    *) tries=0 ;;
  esac
  [ "$tries" -gt 0 ] || { echo "$error" >&2; exit 1; }
  sleep "$(awk -v seed="$$$tries" -v left="$tries" 'BEGIN { srand(seed); print rand() * 0.1 * 2 ^ (5 - left) }')"
done
