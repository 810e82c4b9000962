SELECT 5--3;
SELECT 5--
;
SELECT 1 --;
;
SELECT 2 --	; tab
;
