-- The case or ticket as it is now.
{{ newest_live(ref('case_versions'), 'case_id') }}
