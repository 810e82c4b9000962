// Buys a course: java -cp mysql-connector-j.jar Call.java USER COURSE TRANSACTION_ID, prints "enrollment_id status".
// LEARNHUB_DB_URL=mysql://user:password@host:port/database says where.

import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;

public class Call {
    static final int TRIES = 5;

    static String purchase(String user, String course, String transaction) throws SQLException {
        URI address = URI.create(System.getenv("LEARNHUB_DB_URL"));
        String[] login = address.getRawUserInfo().split(":", 2);
        String place = "jdbc:mysql://" + address.getRawSchemeSpecificPart().replaceFirst("^//.*@", "");
        try (Connection connection = DriverManager.getConnection(place, decoded(login[0]), decoded(login[1]))) {
            // Not a CallableStatement: it reads the procedure's text, which an account with EXECUTE alone may not see.
            try (PreparedStatement call = connection.prepareStatement(
                    "CALL process_course_purchase(?, ?, 'credit_card', ?, @enrollment_id, @status)")) {
                call.setLong(1, Long.parseLong(user));
                call.setLong(2, Long.parseLong(course));
                call.setString(3, transaction);
                call.execute();
            }
            try (ResultSet answer = connection.createStatement().executeQuery("SELECT @enrollment_id, @status")) {
                answer.next();
                return Objects.toString(answer.getString(1), "NULL") + " " + answer.getString(2);
            }
        }
    }

    /** Lock wait timeout, deadlock; SQLSTATE class 08: no connection, or a lost one. */
    static boolean again(SQLException error) {
        return error.getErrorCode() == 1205 || error.getErrorCode() == 1213
            || Objects.toString(error.getSQLState(), "").startsWith("08");
    }

    public static void main(String[] arguments) throws InterruptedException {
        for (int tried = 1; ; tried++) {
            try {
                System.out.println(purchase(arguments[0], arguments[1], arguments[2]));
                return;
            } catch (SQLException error) {
                if (!again(error) || tried == TRIES) {
                    System.err.println("error " + error.getErrorCode() + ": " + error.getMessage());
                    System.exit(1);
                }
            }
            Thread.sleep(ThreadLocalRandom.current().nextLong(100L << tried)); // then again, the SAME transaction id
        }
    }

    static String decoded(String text) {
        return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    }
}
