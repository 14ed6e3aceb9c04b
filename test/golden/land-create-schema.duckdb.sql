create schema if not exists "raw_crm"
