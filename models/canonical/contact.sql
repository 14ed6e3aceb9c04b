-- The canonical contact as it is now: one row per person, whichever CRMs know them.
{{ newest_live(ref('contact_versions'), 'contact_id') }}
