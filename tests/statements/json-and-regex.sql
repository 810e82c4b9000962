SELECT JSON_OBJECT('a;b', '{"c": "d;\\"e"}') -> '$.c', 'x' REGEXP '^[;''"`#/*-]+$';
SELECT 2;
