# Finds the transactions that deleted rows of a table: where each begins in the binary log, its GTID, how many rows.
#
#   sh deleted.sh TABLE BINLOG...
set -eu
table=$1
shift
mysqlbinlog --base64-output=decode-rows --verbose "$@" | awk -v gone="### DELETE FROM \`learnhub\`.\`$table\`" '
  /^# at /           { at = $3 }
  /GTID_NEXT= /      { split($0, word, "\047"); begins = at "  " word[2] }
  index($0, gone) == 1 { rows[begins]++ }
  END                { for (one in rows) print one "  " rows[one] " rows" }' | sort -n
