create temporary table "tidemill_touched" as
select record
from "tidemill_changed"
union
select "left_record"
from (
  select "left_record", "right_record", "rule", "evidence", "block", "outcome", "score" from "tidemill_lost"
  except
  select "left_record", "right_record", "rule", "evidence", "block", "outcome", "score" from "tidemill_found"
) as went
union
select "left_record"
from (
  select "left_record", "right_record", "rule", "evidence", "block", "outcome", "score" from "tidemill_found"
  except
  select "left_record", "right_record", "rule", "evidence", "block", "outcome", "score" from "tidemill_lost"
) as came
union
select "right_record"
from (
  select "left_record", "right_record", "rule", "evidence", "block", "outcome", "score" from "tidemill_lost"
  except
  select "left_record", "right_record", "rule", "evidence", "block", "outcome", "score" from "tidemill_found"
) as went
union
select "right_record"
from (
  select "left_record", "right_record", "rule", "evidence", "block", "outcome", "score" from "tidemill_found"
  except
  select "left_record", "right_record", "rule", "evidence", "block", "outcome", "score" from "tidemill_lost"
) as came
