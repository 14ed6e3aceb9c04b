-- Which canonical contact each contact or lead record belongs to.
{{ resolve_identity(ref('int_person_records'), ref('identity_contact_matches'), 'contact_id', 'con') }}
