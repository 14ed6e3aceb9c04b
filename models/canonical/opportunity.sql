-- The canonical opportunity as it is now: one row per deal, whichever CRMs know it.
{{ newest_live(ref('opportunity_versions'), 'opportunity_id') }}
