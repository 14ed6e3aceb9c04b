-- Which canonical account each account or company record belongs to.
{{ resolve_identity(ref('int_account_records'), ref('identity_account_matches'), 'account_id', 'acc') }}
