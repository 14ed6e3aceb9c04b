-- The task, meeting, call or e-mail as it is now.
{{ newest_live(ref('engagement_versions'), 'engagement_id') }}
