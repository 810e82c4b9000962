SELECT $$ a; 'b $$;
SELECT $js$ if (a) { return "$$;"; } $js$;
SELECT a$b$c, $1, d$$ FROM t;
SELECT 2;
