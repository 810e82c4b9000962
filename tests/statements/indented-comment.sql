SELECT 1;
   -- indented; comment
   SELECT 2;
  # another

SELECT 3;
