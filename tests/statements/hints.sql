SELECT /*+ SET_VAR(sort_buffer_size = 16M) MAX_EXECUTION_TIME(1000) */ 1;
SELECT /*+ it's; */ 2;
SELECT 3;
