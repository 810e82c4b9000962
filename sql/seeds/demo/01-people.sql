-- The demo school: 5 instructors, an admin, 40 students, all invented.
--
-- It is for a database without people of its own. Ids are fixed, so that every file and every example can name them:
-- instructors 1001 to 1005, the admin 1006, students 1011 to 1050, courses 101 to 112. All times count back from the
-- moment of seeding.

INSERT INTO users (user_id, user_type, name, email, created_at)
SELECT user_id, user_type, name, CONCAT(mailbox, '@example.org'), UTC_TIMESTAMP(6) - INTERVAL days_here DAY
  FROM (VALUES
    ROW(1001, 'instructor', 'Ines Carvalho',        'ines.carvalho',       420),
    ROW(1002, 'instructor', 'Tomasz Wilk',          'tomasz.wilk',         410),
    ROW(1003, 'instructor', 'Adaeze Okonjo',        'adaeze.okonjo',       390),
    ROW(1004, 'instructor', 'Hana Morikawa',        'hana.morikawa',       330),
    ROW(1005, 'instructor', 'Luis Tapia Quiroga',   'luis.tapia',          300),
    ROW(1006, 'admin',      'Ruta Kalnina',         'ruta.kalnina',        425),
    ROW(1011, 'student',    'Amara Diallo',         'amara.diallo',        215),
    ROW(1012, 'student',    'Noor Haddad',          'noor.haddad',         213),
    ROW(1013, 'student',    'Bence Fazekas',        'bence.fazekas',       212),
    ROW(1014, 'student',    'Sunniva Lien',         'sunniva.lien',        212),
    ROW(1015, 'student',    'Thabo Mokoena',        'thabo.mokoena',       210),
    ROW(1016, 'student',    'Meiling Zhao',         'meiling.zhao',        209),
    ROW(1017, 'student',    'Priya Nambiar',        'priya.nambiar',       207),
    ROW(1018, 'student',    'Joaquín Ferreyra',     'joaquin.ferreyra',    206),
    ROW(1019, 'student',    'Kateryna Bondar',      'kateryna.bondar',     204),
    ROW(1020, 'student',    'Oisín Gallagher',      'oisin.gallagher',     203),
    ROW(1021, 'student',    'Yusuf Demirel',        'yusuf.demirel',       203),
    ROW(1022, 'student',    'Freja Lindqvist',      'freja.lindqvist',     201),
    ROW(1023, 'student',    'Trần Minh Anh',        'minhanh.tran',        200),
    ROW(1024, 'student',    'Caio Albuquerque',     'caio.albuquerque',    198),
    ROW(1025, 'student',    'Leila Farahani',       'leila.farahani',      197),
    ROW(1026, 'student',    'Aino Korpela',         'aino.korpela',        196),
    ROW(1027, 'student',    'Samuel Adjei',         'samuel.adjei',        194),
    ROW(1028, 'student',    'Ximena Rojas',         'ximena.rojas',        193),
    ROW(1029, 'student',    'Dario Bellini',        'dario.bellini',       192),
    ROW(1030, 'student',    'Anahit Sargsyan',      'anahit.sargsyan',     190),
    ROW(1031, 'student',    'Kwame Boateng',        'kwame.boateng',       189),
    ROW(1032, 'student',    'Elif Aksoy',           'elif.aksoy',          188),
    ROW(1033, 'student',    'Ngozi Eze',            'ngozi.eze',           188),
    ROW(1034, 'student',    'Marek Dvořák',         'marek.dvorak',        186),
    ROW(1035, 'student',    'Sofía Villalba',       'sofia.villalba',      185),
    ROW(1036, 'student',    'Tariq Mansour',        'tariq.mansour',       183),
    ROW(1037, 'student',    'Seo Hyejin',           'hyejin.seo',          182),
    ROW(1038, 'student',    'Pavel Georgiev',       'pavel.georgiev',      181),
    ROW(1039, 'student',    'Wanjiru Kamau',        'wanjiru.kamau',       180),
    ROW(1040, 'student',    'Elise Vandamme',       'elise.vandamme',      178),
    ROW(1041, 'student',    'Rafael Teixeira',      'rafael.teixeira',     177),
    ROW(1042, 'student',    'Nilufar Yusupova',     'nilufar.yusupova',    176),
    ROW(1043, 'student',    'Jonas Brandt',         'jonas.brandt',        175),
    ROW(1044, 'student',    'Maya Thapa',           'maya.thapa',          173),
    ROW(1045, 'student',    'Fatou Ndiaye',         'fatou.ndiaye',        172),
    ROW(1046, 'student',    'Ivana Petrić',         'ivana.petric',        171),
    ROW(1047, 'student',    'Kenji Watabe',         'kenji.watabe',         41),
    ROW(1048, 'student',    'Lucía Zambrano',       'lucia.zambrano',        6),
    ROW(1049, 'student',    'Siddharth Kulkarni',   'siddharth.kulkarni',    4),
    ROW(1050, 'student',    'Greta Holm',           'greta.holm',            2)
  ) AS person (user_id, user_type, name, mailbox, days_here);

-- Well-formed bcrypt hashes of no password that anybody knows: an O ends the salt and an e the hash, because not every
-- letter can. Every fourth person signs in elsewhere.
UPDATE users
   SET password_hash = CONCAT('$2b$12$', INSERT(INSERT(LEFT(
         REPLACE(TO_BASE64(UNHEX(SHA2(email, 512))), '+', '.'), 53), 22, 1, 'O'), 53, 1, 'e'))
 WHERE user_id BETWEEN 1001 AND 1050 AND user_id % 4 <> 0;

-- Whoever logs in to the database as ines sees the enrollments in her courses. The account itself is yours to create:
--   CREATE USER ines@'%' IDENTIFIED BY '...' DEFAULT ROLE learnhub_instructor;
INSERT INTO instructor_accounts (account, user_id) VALUES ('ines@%', 1001);
