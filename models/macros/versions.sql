{# The newest version of every record of a version log; deleted records are left out. #}
{% macro newest_versions(relation, key='record_id') -%}
  select *
  from {{ relation }}
  qualify row_number() over (
    partition by {{ key }}
    order by modified_at desc, observed_at desc, version_hash desc
  ) = 1
{%- endmacro %}

{# The columns every staging model hands on beside its own. #}
{% macro version_columns(system, merged_into='null') -%}
  '{{ system }}' as system,
  _record_id as record_id,
  cast({{ merged_into }} as varchar) as merged_into,
  _modified_at as modified_at,
  _observed_at as observed_at,
  _deleted as is_deleted,
  _hash as version_hash
{%- endmacro %}

{#
  The versions of a canonical record, composed from the versions of its member records: at every
  change of any member, what the primary record of each system said then, Salesforce first.
  `versions` has the version columns and `columns`; `identity` maps (system, record_id) to `id`.
#}
{% macro composed_versions(versions, identity, id, columns) -%}
with members as (
  select identity.{{ id }}, identity.is_primary, versions.*
  from {{ versions }} as versions
  inner join {{ identity }} as identity
    on identity.system = versions.system and identity.record_id = versions.record_id
),

-- Two members may change in the same instant: the composition holds for the instant as a whole.
composed as (
  select
    {{ id }},
    modified_at,
    observed_at,
    row_number() over member_order as sequence,
    {% for system in ['salesforce', 'hubspot'] -%}
    last_value(
      case when system = '{{ system }}' and is_primary then struct_pack(
        is_deleted := is_deleted,
        record_id := record_id
        {%- for column in columns %},
        {{ column }} := {{ column }}
        {%- endfor %}
      ) end ignore nulls
    ) over member_order as {{ system }}{{ ',' if not loop.last }}
    {% endfor %}
  from members
  window member_order as (
    partition by {{ id }}
    order by modified_at, observed_at, system, record_id, version_hash
    rows between unbounded preceding and current row
  )
),

live as (
  select
    *,
    case when not salesforce.is_deleted then salesforce end as from_salesforce,
    case when not hubspot.is_deleted then hubspot end as from_hubspot
  from composed
)

select
  {{ id }},
  modified_at,
  observed_at,
  sequence,
  from_salesforce is null and from_hubspot is null as is_deleted,
  from_salesforce.record_id as salesforce_id,
  from_hubspot.record_id as hubspot_id
  {%- for column in columns %},
  coalesce(from_salesforce.{{ column }}, from_hubspot.{{ column }}) as {{ column }}
  {%- endfor %}
from live
{%- endmacro %}

{# The newest version of every key of a canonical version log, deleted ones left out. #}
{% macro newest_live(relation, key) -%}
  select * exclude (modified_at, observed_at, sequence, is_deleted), modified_at
  from {{ relation }}
  qualify
    row_number() over (
      partition by {{ key }} order by modified_at desc, sequence desc, observed_at desc
    ) = 1
    and not is_deleted
{%- endmacro %}
