-- Members of every workspace link, so links that stay unfinished are looked for in all of them at once.

create index link_attempts_unfinished on link_attempts (since) where phase in ('preparing', 'delivering');
create policy link_attempts_owner on link_attempts for select to current_user using (true);

-- Links of sessions of one node, of all workspaces, that have been unfinished for longer than a link takes.
create function overdue_links(p_node uuid, p_preparing double precision, p_delivering double precision)
  returns table (workspace uuid, session uuid)
  language sql stable security definer
  set search_path = whizlite, pg_temp
  begin atomic
    select a.workspace_id, a.session_id
    from link_attempts a join session_leases l on l.session_id = a.session_id and l.workspace_id = a.workspace_id
    where l.node_id = p_node and l.wanted and a.phase in ('preparing', 'delivering')
      and a.since < clock_timestamp() - make_interval(secs => case a.phase when 'preparing' then p_preparing else p_delivering end);
  end;
