-- The canonical account as it is now: one row per company, whichever CRMs know it.
{{ newest_live(ref('account_versions'), 'account_id') }}
