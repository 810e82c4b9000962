SELECT 'it''s; fine', "a ""b;"" c", '"', "'";
SELECT '''', """", ';';
