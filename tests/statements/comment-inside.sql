SELECT 1 -- one; of two
     , 2 # two; of two
     , 3 /* three; of two */;
