"""What a test database leaves behind on its server."""

from __future__ import annotations

from pymysql.cursors import Cursor


def revoke_all(cursor: Cursor, database: str) -> None:
    """Take back every right on `database`: DROP DATABASE leaves them behind."""
    for table in ("db", "tables_priv", "columns_priv", "procs_priv"):
        cursor.execute(f"DELETE FROM mysql.{table} WHERE REPLACE(db, %s, '') = %s", ("\\", database))
    cursor.execute("FLUSH PRIVILEGES")
