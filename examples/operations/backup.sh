# Writes database learnhub to a new file, with the position in the binary log at which it was as it is there.
#
#   sh backup.sh FILE [--host=... --port=... --user=...]        the password in MYSQL_PWD
#
# Nobody waits for it: InnoDB shows the dump one moment, whatever is written meanwhile. An ALTER that rebuilds a table
# ends it with 1412. FILE is there complete or not at all.
set -eu
file=$1
shift
[ ! -e "$file" ] || { echo "error: $file is there already, name a new file" >&2; exit 2; }
mysqldump "$@" --single-transaction --source-data=2 --routines --triggers --events --databases learnhub > "$file.part"
tail -n 1 "$file.part" | grep -q '^-- Dump completed'
mv "$file.part" "$file"
