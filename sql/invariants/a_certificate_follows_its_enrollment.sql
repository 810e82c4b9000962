-- Every completed enrollment has a certificate that counts, and no other enrollment has one that does.
-- along: enrollments.enrollment_id
SELECT enrollment.enrollment_id, enrollment.status, certificate.certificate_id, certificate.revoked_at
  FROM enrollments enrollment
  LEFT JOIN certificates certificate ON certificate.enrollment_id = enrollment.enrollment_id
 WHERE enrollment.enrollment_id BETWEEN @first AND @last
   AND (enrollment.status = 'completed') <> (certificate.certificate_id IS NOT NULL AND certificate.revoked_at IS NULL);
