-- A category's path and depth follow from those above it; no category is below itself.
SELECT category.category_id, category.parent_id, category.path, category.depth
  FROM categories category
  LEFT JOIN categories parent ON parent.category_id = category.parent_id
 WHERE NOT category.path <=> CONCAT(IF(category.parent_id IS NULL, '/', parent.path), category.slug, '/')
    OR NOT category.depth <=> IF(category.parent_id IS NULL, 0, parent.depth + 1);
