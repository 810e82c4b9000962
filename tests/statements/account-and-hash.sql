DROP USER IF EXISTS 'nobody#;here'@'%';
# a comment; with a semicolon
SELECT 'x--y;z#';
