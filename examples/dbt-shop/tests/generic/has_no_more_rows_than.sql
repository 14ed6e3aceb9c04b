{% test has_no_more_rows_than(model, other) %}
select 1
where (select count(*) from {{ model }}) > (select count(*) from {{ other }})
{% endtest %}
