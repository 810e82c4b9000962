-- Ends the enrollments whose access has ended.
--
-- every: 1 hour
CALL expire_access(@expired);
