{% macro two() %}{{ one() }} + 1{% endmacro %}
