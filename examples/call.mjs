// Buys a course: node call.mjs USER COURSE TRANSACTION_ID, prints "enrollment_id status".
// LEARNHUB_DB_URL=mysql://user:password@host:port/database says where. Needs mysql2: npm install mysql2
import { setTimeout as sleep } from 'node:timers/promises'
import mysql from 'mysql2/promise'

const TRIES = 5
const AGAIN = new Set([
  'ER_LOCK_WAIT_TIMEOUT', 'ER_LOCK_DEADLOCK', // 1205, 1213
  'ER_SERVER_SHUTDOWN', 'PROTOCOL_CONNECTION_LOST', 'ECONNRESET', 'EPIPE', 'ECONNREFUSED', 'ETIMEDOUT',
])

async function purchase(user, course, transaction) {
  const connection = await mysql.createConnection(process.env.LEARNHUB_DB_URL)
  try {
    // From a pool, take one connection for both: the next query() may get another, without the variables.
    await connection.execute(
      "CALL process_course_purchase(?, ?, 'credit_card', ?, @enrollment_id, @status)",
      [user, course, transaction],
    )
    const [[answer]] = await connection.query('SELECT @enrollment_id AS enrollment_id, @status AS status')
    return answer
  } finally {
    await connection.end().catch(() => {}) // one that is lost cannot be ended
  }
}

for (let tried = 1; ; tried++) {
  try {
    const { enrollment_id, status } = await purchase(...process.argv.slice(2))
    console.log(`${enrollment_id ?? 'NULL'} ${status}`)
    break
  } catch (error) {
    if (!AGAIN.has(error.code) || tried === TRIES) {
      console.error(`error ${error.errno ?? error.code}: ${error.message}`)
      process.exit(1)
    }
  }
  await sleep(Math.random() * 100 * 2 ** tried) // then again, with the SAME transaction id
}
