-- Holds the number of a migration that another branch brings.
DO 0;
