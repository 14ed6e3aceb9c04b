{#
  Resolves which records are the same thing. `matches` holds pairs (left_record, right_record) with
  the rule that found them; `records` holds every record with when it was first seen. Records that
  are connected by any chain of matches are one. The id comes from the record that was seen first:
  it stays when a cluster grows, the older id survives when two clusters merge, and it is the same
  however often and in whatever order the tables are built.
#}
{% macro resolve_identity(records, matches, id, prefix) -%}
with recursive links as (
  select left_record as record, right_record as neighbour from {{ matches }}
  union all
  select right_record, left_record from {{ matches }}
),

components(record, component) using key (record) as (
  select record, record as component from {{ records }}
  union
  (
    select links.neighbour as record, min(changed.component) as component
    from components as changed
    inner join links on links.record = changed.record
    inner join recurring.components as known on known.record = links.neighbour
    where changed.component < known.component
    group by links.neighbour
  )
),

ranked as (
  select
    records.*,
    first_value(records.record) over (
      partition by components.component
      order by records.first_observed_at, records.created_at, records.record
      rows between unbounded preceding and unbounded following
    ) as anchor,
    -- One record speaks for its system: a live one before a deleted one, the oldest first.
    row_number() over (
      partition by components.component, records.system
      order by records.is_deleted, records.rank, records.created_at, records.record
    ) = 1 as is_primary
  from {{ records }} as records
  inner join components on components.record = records.record
)

select
  '{{ prefix }}_' || substr(md5(anchor), 1, 16) as {{ id }},
  system,
  record_id,
  is_primary,
  anchor,
  record
from ranked
{%- endmacro %}

{#
  Pairs for records that share a value of `key`: each with the smallest record of its group, so that
  a group of n costs n pairs. Null keys match nothing. `rank` is the rule's place among the rules.
#}
{% macro match_by(records, key, rank, rule, score, extra_condition='true') -%}
  select
    {{ rank }} as rule_rank,
    '{{ rule }}' as rule,
    cast({{ score }} as double) as score,
    min(record) over (partition by {{ key }}) as left_record,
    record as right_record
  from {{ records }}
  where {{ key }} is not null and {{ extra_condition }}
  qualify left_record <> right_record
{%- endmacro %}

{# Pairs for records that name a record of Salesforce themselves. #}
{% macro match_by_salesforce_id(records, column, rank) -%}
  select
    {{ rank }} as rule_rank,
    'cross_system_id' as rule,
    1.0 as score,
    'salesforce:' || {{ column }} as left_record,
    record as right_record
  from {{ records }}
  where {{ column }} is not null
{%- endmacro %}

{# Pairs that a CRM made itself, by merging one record into another. #}
{% macro match_by_merge(records, rank) -%}
  select
    {{ rank }} as rule_rank,
    'crm_merge' as rule,
    1.0 as score,
    'salesforce:' || merged_into as left_record,
    record as right_record
  from {{ records }}
  where merged_into is not null
  union all
  select
    {{ rank }},
    'crm_merge',
    1.0,
    record,
    'hubspot:' || unnest(string_split(merged_record_ids, ';'))
  from {{ records }}
  where merged_record_ids is not null
{%- endmacro %}

{# One row a pair: the first rule that found it. Pairs with a record nobody has seen are left out. #}
{% macro first_matches(found, records) -%}
select
  left_record,
  right_record,
  arg_min(rule, rule_rank) as rule,
  arg_min(score, rule_rank) as score
from {{ found }}
where
  left_record <> right_record
  and left_record in (select record from {{ records }})
  and right_record in (select record from {{ records }})
group by left_record, right_record
{%- endmacro %}
