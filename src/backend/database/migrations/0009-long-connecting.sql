-- A session that a node has begun to run and that does not get its connection is as much without one as one that has lost it.

create index sessions_without_line on sessions (since) where state in ('connecting', 'reconnecting');

-- Sessions of all workspaces that have been without a connection for longer than is called connecting or reconnecting.
create or replace function long_reconnecting(p_seconds double precision, p_limit integer) returns table (workspace uuid, session uuid)
  language sql stable security definer
  set search_path = whizlite, pg_temp
  begin atomic
    select s.workspace_id, s.id from sessions s
    where s.state in ('connecting', 'reconnecting') and s.since < clock_timestamp() - make_interval(secs => p_seconds)
    order by s.since limit p_limit;
  end;
