-- The canonical user as they are now: one row per colleague, whichever CRMs know them.
{{ newest_live(ref('user_versions'), 'user_id') }}
