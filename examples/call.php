<?php
// Buys a course: php call.php USER COURSE TRANSACTION_ID, prints "enrollment_id status".
// LEARNHUB_DB_URL=mysql://user:password@host:port/database says where. Needs pdo_mysql.
declare(strict_types=1);

const TRIES = 5;
const AGAIN = [1205, 1213, 1053, 2002, 2006, 2013]; // lock wait timeout, deadlock; no connection, or a lost one

function purchase(string $user, string $course, string $transaction): array
{
    $url = array_map('rawurldecode', parse_url(getenv('LEARNHUB_DB_URL')));
    $where = sprintf('mysql:host=%s;port=%s;dbname=%s', $url['host'], $url['port'] ?? 3306, substr($url['path'], 1));
    $database = new PDO("$where;charset=utf8mb4", $url['user'], $url['pass'] ?? '');
    // Not bindParam(..., PDO::PARAM_INPUT_OUTPUT): that is error 1414, or with native prepares no value and no error.
    $call = $database->prepare("CALL process_course_purchase(?, ?, 'credit_card', ?, @enrollment_id, @status)");
    $call->execute([$user, $course, $transaction]);
    return $database->query('SELECT @enrollment_id, @status')->fetch(PDO::FETCH_NUM);
}

for ($tried = 1; ; $tried++) {
    try {
        [$enrollment, $status] = purchase($argv[1], $argv[2], $argv[3]);
        echo $enrollment ?? 'NULL', ' ', $status, "\n";
        exit(0);
    } catch (PDOException $error) {
        $number = $error->errorInfo[1] ?? $error->getCode();
        if (!in_array($number, AGAIN, true) || $tried === TRIES) {
            fwrite(STDERR, "error $number: " . ($error->errorInfo[2] ?? $error->getMessage()) . "\n");
            exit(1);
        }
    }
    usleep(random_int(0, 100_000 * 2 ** $tried)); // then again, with the SAME transaction id
}
