# Restores a file of backup.sh on an empty server. Run it where the project's files are.
#
#   sh restore.sh FILE [--host=... --port=... --user=...]       the password in MYSQL_PWD
#
# The owner and its rights come first: no view is created without them. Rights on routines come last: the dump's DROP
# PROCEDURE takes them away. Only the dump's own transactions count as executed afterwards, so the
# server may become a replica.
set -eu
file=$1
shift
quietly='SET sql_log_bin = 0'
mysql "$@" --init-command="$quietly" --execute='CREATE DATABASE learnhub COLLATE utf8mb4_0900_ai_ci'
mysql "$@" --init-command="$quietly" learnhub < sql/grants/accounts.sql
mysql "$@" < "$file"
cat sql/grants/*.sql | mysql "$@" --init-command="$quietly" learnhub
