-- Written as sample databases and dumps are: settings put aside and back, conditional comments, many delimiters.
SET @OLD_UNIQUE_CHECKS=@@UNIQUE_CHECKS, UNIQUE_CHECKS=0;
SET @OLD_FOREIGN_KEY_CHECKS=@@FOREIGN_KEY_CHECKS, FOREIGN_KEY_CHECKS=0;
SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='TRADITIONAL';
/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!50503 SET NAMES utf8mb4 */;

--
-- Table structure for table `film`
--

CREATE TABLE film (
  film_id SMALLINT UNSIGNED NOT NULL AUTO_INCREMENT,
  title VARCHAR(128) NOT NULL,
  description TEXT DEFAULT NULL,
  rental_rate DECIMAL(4,2) NOT NULL DEFAULT 4.99,
  rating ENUM('G','PG','PG-13','R','NC-17') DEFAULT 'G',
  special_features SET('Trailers','Commentaries','Deleted Scenes','Behind the Scenes') DEFAULT NULL,
  place /*!50705 GEOMETRY */ /*!80003 SRID 0 */ NULL,
  last_update TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  PRIMARY KEY  (film_id),
  KEY idx_title (title)
)ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE payment (
  payment_id SMALLINT UNSIGNED NOT NULL AUTO_INCREMENT,
  film_id SMALLINT UNSIGNED NOT NULL,
  inventory_id INT NOT NULL, /* refers to a table; that comes later */
  amount DECIMAL(5,2) NOT NULL,
  payment_date DATETIME NOT NULL,
  PRIMARY KEY  (payment_id),
  CONSTRAINT fk_payment_film FOREIGN KEY (film_id) REFERENCES film (film_id) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT `fk_payment_inventory` FOREIGN KEY (`inventory_id`) REFERENCES `inventory` (`inventory_id`)
)ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
CREATE TABLE `inventory` (`inventory_id` INT NOT NULL, PRIMARY KEY (`inventory_id`)) ENGINE=InnoDB;
CREATE INDEX idx_date ON payment (payment_date); CREATE FULLTEXT INDEX `words` ON `film` (`title`, `description`);

CREATE TABLE film_text (
  film_id SMALLINT NOT NULL,
  title VARCHAR(255) NOT NULL,
  description TEXT,
  PRIMARY KEY  (film_id),
  FULLTEXT KEY idx_title_description (title,description)
)ENGINE=InnoDB;

DELIMITER ;;
CREATE TRIGGER `ins_film` AFTER INSERT ON `film` FOR EACH ROW BEGIN
    INSERT INTO film_text (film_id, title, description)
        VALUES (new.film_id, new.title, new.description);
  END;;

/*!50003 CREATE TRIGGER `upd_film` AFTER UPDATE ON `film` FOR EACH ROW BEGIN
    IF (old.title != new.title) OR (old.description != new.description)
    THEN
        UPDATE film_text SET title=new.title, description=new.description WHERE film_id=old.film_id;
    END IF;
  END */;;
DELIMITER ;

CREATE TRIGGER payment_date BEFORE INSERT ON payment FOR EACH ROW SET NEW.payment_date = '2005-05-25 11:30:37';

CREATE VIEW film_list
AS
SELECT film.film_id AS FID, film.title AS title, CONCAT('a; b', "c; d", '''', "\";") AS odd # ; no end
FROM film /* ; nor here */ LEFT JOIN payment ON film.film_id = payment.film_id
GROUP BY film.film_id, film.title;

DELIMITER //

CREATE PROCEDURE rewards_report (
    IN min_monthly_purchases TINYINT UNSIGNED
    , OUT count_rewardees INT
)
LANGUAGE SQL
NOT DETERMINISTIC
READS SQL DATA
SQL SECURITY DEFINER
COMMENT 'Provides a customizable report; on best customers'
proc: BEGIN
    DECLARE last_month_start DATE;

    /* Some sanity checks... */
    IF min_monthly_purchases = 0 THEN
        SELECT 'Minimum monthly purchases parameter must be > 0';
        LEAVE proc;
    END IF;
    SET last_month_start = DATE_SUB(CURRENT_DATE(), INTERVAL 1 MONTH);
    SET last_month_start = STR_TO_DATE(CONCAT(YEAR(last_month_start),'-',MONTH(last_month_start),'-01'),'%Y-%m-%d');

    CREATE TEMPORARY TABLE tmpCustomer (customer_id SMALLINT UNSIGNED NOT NULL PRIMARY KEY);
    SELECT COUNT(*) FROM tmpCustomer INTO count_rewardees;
    DROP TABLE tmpCustomer;
END //

DELIMITER $$

CREATE FUNCTION get_balance(p_film INT, p_effective_date DATETIME) RETURNS DECIMAL(5,2)
    DETERMINISTIC
    READS SQL DATA
BEGIN

       #OK, WE NEED TO CALCULATE THE CURRENT BALANCE; IT'S A SUM
       #   1) RENTAL FEES // AND
       #   2) ONE DOLLAR FOR EVERY DAY -- THE PREVIOUS RENTALS ARE OVERDUE

  DECLARE v_rentfees DECIMAL(5,2); #FEES PAID
  SELECT IFNULL(SUM(payment.amount),0) INTO v_rentfees
    FROM payment
    WHERE payment.payment_date <= p_effective_date
    AND payment.film_id = p_film;
  RETURN v_rentfees;
END $$

CREATE PROCEDURE wait_for(IN p_turns INT)
BEGIN
  DECLARE v_done INT DEFAULT 0;
  DECLARE v_inner INT;
  /* a comment; with /* inside, and // */
  outside: REPEAT
    SET v_done = v_done + 1;
    SET v_inner = 0;
    REPEAT
      SET v_inner = v_inner + 1;
      BEGIN
        DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN END;
        IF v_inner > 2 AND v_done >= p_turns THEN LEAVE outside; END IF;
      END;
    UNTIL v_inner >= v_done END REPEAT;
  UNTIL v_done >= p_turns
  END REPEAT outside;
  SELECT CONCAT(v_done, '; /* ; */ $', "$") AS said;
END
$$

DELIMITER ;

INSERT INTO film (title, description, rating, special_features) VALUES
('ACADEMY DINOSAUR','A Epic Drama; of a Feminist And a Mad Scientist','PG','Deleted Scenes,Behind the Scenes'),
('ACE GOLDFINGER','It''s \'quoted\' -- and /* not */ a comment','G',NULL);
UPDATE film SET description = 'DELIMITER $$' WHERE title LIKE 'ACE%';
INSERT INTO inventory VALUES (1);
INSERT INTO payment (film_id, inventory_id, amount, payment_date) VALUES (1,1,0.99,'2005-05-28 10:35:23');
UPDATE film SET last_update = '2006-02-15 05:03:42';

/*!40101 SET CHARACTER_SET_CLIENT=@OLD_CHARACTER_SET_CLIENT */;
SET SQL_MODE=@OLD_SQL_MODE;
SET FOREIGN_KEY_CHECKS=@OLD_FOREIGN_KEY_CHECKS;
SET UNIQUE_CHECKS=@OLD_UNIQUE_CHECKS;
