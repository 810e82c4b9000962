-- Holds the number until the branch that fills it is merged.

DO 0;
