-- A node may have a name that its operator keeps for one process at a time. The newest process of a name replaces the older ones: they never
-- renew their leases again, so that what they ran can be claimed at once.

alter table nodes add column name text check (length(name) between 1 and 100);
alter table nodes add column replaced_at timestamptz;
create index nodes_name on nodes (name) where name is not null;
