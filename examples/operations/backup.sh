# Writes database learnhub to a file, with the position in the binary log at which it was as it is there.
#
#   sh backup.sh FILE [--host=... --port=... --user=...]        the password in MYSQL_PWD
#
# Nobody waits for it: InnoDB shows the dump one moment, whatever is written meanwhile. Not beside an ALTER.
set -eu
file=$1
shift
mysqldump "$@" --single-transaction --source-data=2 --routines --triggers --events --databases learnhub > "$file.part"
tail -n 1 "$file.part" | grep -q '^-- Dump completed'
mv "$file.part" "$file"
