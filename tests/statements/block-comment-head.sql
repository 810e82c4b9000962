/*
 * Copyright; all of it's reserved
 */

SELECT 1;
/* a */ /* b */ SELECT 2;
