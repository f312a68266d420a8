-- Who else has a public code: asked whenever an activity with one is published.
CREATE INDEX activity_versions_by_code ON activity_versions (tenant, lower(spec ->> 'public_code'))
WHERE spec ? 'public_code';
