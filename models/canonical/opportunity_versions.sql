-- Every version of every canonical opportunity: the log its history is derived from.
{{ config(materialized='view') }}

with stages as (
  select pipeline_id, stage_id, label
  from {{ ref('stg_hubspot__deal_stages') }}
),

versions as (
  select
    system, record_id, modified_at, observed_at, is_deleted, version_hash, created_at,
    name, stage, amount, close_date, is_closed, is_won, probability, product_name,
    account_record_id, owner_record_id
  from {{ ref('stg_salesforce__opportunities') }}
  union all
  select
    deals.system, deals.record_id, deals.modified_at, deals.observed_at, deals.is_deleted,
    deals.version_hash, deals.created_at, deals.name, coalesce(stages.label, deals.stage_id),
    deals.amount, deals.close_date, deals.is_closed, deals.is_won, null, null,
    companies.company_record_id, deals.owner_record_id
  from {{ ref('stg_hubspot__deals') }} as deals
  left join stages on stages.pipeline_id = deals.pipeline_id and stages.stage_id = deals.stage_id
  left join {{ ref('int_hubspot_deal_companies') }} as companies
    on companies.deal_record_id = deals.record_id
),

placed as (
  select
    versions.* exclude (account_record_id, owner_record_id),
    accounts.account_id,
    users.user_id as owner_id
  from versions
  left join {{ ref('identity_accounts') }} as accounts
    on accounts.system = versions.system and accounts.record_id = versions.account_record_id
  left join {{ ref('identity_users') }} as users
    on users.system = versions.system and users.record_id = versions.owner_record_id
)

select * from (
  {{ composed_versions('placed', ref('identity_opportunities'), 'opportunity_id', [
    'name', 'stage', 'amount', 'close_date', 'is_closed', 'is_won', 'probability', 'product_name',
    'account_id', 'owner_id', 'created_at',
  ]) }}
)
