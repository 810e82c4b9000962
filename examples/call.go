// Buys a course: go run call.go USER COURSE TRANSACTION_ID, prints "enrollment_id status".
// LEARNHUB_DB_URL=mysql://user:password@host:port/database says where.
package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/rand"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

const tries = 5

// One *sql.Conn for both statements: a *sql.DB may run the SELECT on a connection without the variables.
func purchase(ctx context.Context, db *sql.DB, arguments []any) (enrollment sql.NullInt64, status string, err error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return
	}
	defer conn.Close()
	// sql.Out is not supported by the driver, so the OUT values are read from user variables.
	_, err = conn.ExecContext(ctx,
		"CALL process_course_purchase(?, ?, 'credit_card', ?, @enrollment_id, @status)", arguments...)
	if err == nil {
		err = conn.QueryRowContext(ctx, "SELECT @enrollment_id, @status").Scan(&enrollment, &status)
	}
	return
}

// again: lock wait timeout, deadlock, connection lost or not made.
func again(err error) bool {
	var refused *mysql.MySQLError
	if errors.As(err, &refused) {
		return refused.Number == 1205 || refused.Number == 1213
	}
	var network net.Error
	return errors.Is(err, mysql.ErrInvalidConn) || errors.Is(err, driver.ErrBadConn) || errors.As(err, &network)
}

func main() {
	address, err := url.Parse(os.Getenv("LEARNHUB_DB_URL"))
	exitOn(err)
	config := mysql.NewConfig()
	config.User = address.User.Username()
	config.Passwd, _ = address.User.Password()
	config.Net, config.Addr, config.DBName = "tcp", address.Host, strings.TrimPrefix(address.Path, "/")
	db, err := sql.Open("mysql", config.FormatDSN())
	exitOn(err)
	random := rand.New(rand.NewSource(time.Now().UnixNano()))
	for tried := 1; ; tried++ {
		enrollment, status, err := purchase(context.Background(), db, []any{os.Args[1], os.Args[2], os.Args[3]})
		if err == nil && enrollment.Valid {
			fmt.Println(enrollment.Int64, status)
			return
		}
		if err == nil {
			fmt.Println("NULL", status)
			return
		}
		if !again(err) || tried == tries {
			exitOn(err)
		}
		time.Sleep(time.Duration(random.Int63n(int64(100*time.Millisecond) << tried))) // then the SAME transaction id
	}
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
