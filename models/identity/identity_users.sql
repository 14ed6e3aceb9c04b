-- Which canonical user each Salesforce user or HubSpot owner is.
{{ resolve_identity(ref('int_user_records'), ref('identity_user_matches'), 'user_id', 'usr') }}
