-- Errors for arguments that the server would cut, convert or refuse with a number of its own.

INSERT INTO error_catalogue (errno, name, message, mend) VALUES
  (30063, 'TOO_LONG',       '{} characters',                    'shorten it'),
  (30064, 'NOT_ASCII',      '{} is not ASCII',                  'give a key of ASCII characters'),
  (30065, 'OUT_OF_RANGE',   '{} is out of range',               'see the parameters of the procedure'),
  (30066, 'BAD_DATE',       '{} is no day of the calendar',     'give one as YYYY-MM-DD'),
  (30067, 'CATEGORY_TAKEN', 'a category {} is there already',   'choose another parent or rename one of them'),
  (30068, 'PATH_TOO_LONG',  'the path below {} would be too long', 'choose a parent that is less deep');
