create table "raw_crm"."people" (
    "id" VARCHAR,
    "name" VARCHAR,
    "age" BIGINT,
    "updated" TIMESTAMP,
    "gone" BOOLEAN,
    
    _record_id VARCHAR,
    _modified_at TIMESTAMP,
    _deleted BOOLEAN,
    _observed_at TIMESTAMP,
    _batch_id VARCHAR,
    _hash VARCHAR
  )
