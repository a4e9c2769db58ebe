-- Nothing belongs to somebody who is gone, and a login without a place goes in time.

alter table app_users no force row level security;
alter table link_attempts no force row level security;
update link_attempts a set owner_id = default_user(a.workspace_id)
  where not exists (select from app_users u where u.workspace_id = a.workspace_id and u.id = a.owner_id);
alter table link_attempts add foreign key (workspace_id, owner_id) references app_users (workspace_id, id);
alter table link_attempts force row level security;
alter table app_users force row level security;

-- Since when the login has had a place in no workspace, as somebody has seen it.
alter table logins add column left_at timestamptz;

-- Logins without a place that are not noted as such or were noted so long ago, and those that are noted and have one again.
create function logins_to_look_at(p_days integer, p_limit bigint) returns setof uuid
  language sql stable security definer
  set search_path = whizlite, pg_temp
  begin atomic
    select l.id from logins l
    where case when exists (select from app_users u where u.id = l.id) then l.left_at is not null
      else l.left_at is null or l.left_at < statement_timestamp() - make_interval(days => p_days) end
    order by l.id limit p_limit;
  end;
