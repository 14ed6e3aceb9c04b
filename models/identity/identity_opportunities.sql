-- Which canonical opportunity each opportunity or deal is.
{{ resolve_identity(ref('int_opportunity_records'), ref('identity_opportunity_matches'), 'opportunity_id', 'opp') }}
