// Buys a course: go run call.go USER COURSE TRANSACTION_ID, prints "enrollment_id status".
// LEARNHUB_DB_URL=mysql://user:password@host:port/database says where.
package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log"
	"math/rand"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

const tries = 5

func purchase(ctx context.Context, db *sql.DB, user, course, transaction string) (string, error) {
	conn, err := db.Conn(ctx) // one connection: db itself may run the SELECT on another, without the variables
	if err != nil {
		return "", err
	}
	defer conn.Close()
	// Not sql.Out: the driver does not support it.
	_, err = conn.ExecContext(ctx,
		"CALL process_course_purchase(?, ?, 'credit_card', ?, @enrollment_id, @status)", user, course, transaction)
	if err != nil {
		return "", err
	}
	enrollment, status := sql.NullString{}, ""
	err = conn.QueryRowContext(ctx, "SELECT @enrollment_id, @status").Scan(&enrollment, &status)
	if !enrollment.Valid {
		enrollment.String = "NULL"
	}
	return enrollment.String + " " + status, err
}

// again tells a lock wait timeout, a deadlock, and no connection or a lost one.
func again(err error) bool {
	var refused *mysql.MySQLError
	if errors.As(err, &refused) {
		return refused.Number == 1205 || refused.Number == 1213 || refused.Number == 1053
	}
	var network net.Error
	return errors.Is(err, mysql.ErrInvalidConn) || errors.Is(err, driver.ErrBadConn) || errors.As(err, &network)
}

func main() {
	log.SetFlags(0)
	address, err := url.Parse(os.Getenv("LEARNHUB_DB_URL"))
	if err != nil {
		log.Fatal(err)
	}
	config := mysql.NewConfig()
	config.User = address.User.Username()
	config.Passwd, _ = address.User.Password()
	config.Net, config.Addr, config.DBName = "tcp", address.Host, strings.TrimPrefix(address.Path, "/")
	db, err := sql.Open("mysql", config.FormatDSN())
	if err != nil {
		log.Fatal(err)
	}
	for tried := 1; ; tried++ {
		answer, err := purchase(context.Background(), db, os.Args[1], os.Args[2], os.Args[3])
		if err == nil {
			fmt.Println(answer)
			return
		}
		if !again(err) || tried == tries {
			log.Fatal(err)
		}
		time.Sleep(time.Duration(rand.Int63n(int64(100*time.Millisecond) << tried))) // then the SAME transaction id
	}
}
