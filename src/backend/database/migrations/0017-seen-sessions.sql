-- What hangs on a session asks a function whether a member sees it. A subquery in a policy is planned anew with every statement, also where no
-- member is set and it is never run: that cost the engine more than the statement itself.
--
-- The functions run with the caller's rights, so the policies of the tables they read decide.

create function sees_session(p_workspace uuid, p_session uuid) returns boolean language plpgsql stable as $$
begin
  return exists (select from whizlite.sessions s where s.workspace_id = p_workspace and s.id = p_session);
end
$$;

create function sees_link(p_workspace uuid, p_session uuid) returns boolean language plpgsql stable as $$
begin
  return exists (select from whizlite.link_attempts a where a.workspace_id = p_workspace and a.session_id = p_session);
end
$$;

create function sees_person(p_workspace uuid, p_person uuid) returns boolean language plpgsql stable as $$
begin
  return exists (select from whizlite.sessions s where s.workspace_id = p_workspace and s.person_id = p_person);
end
$$;

do $$
declare
  v_table text;
  v_seen text;
  v_session constant text := 'sees_session(workspace_id, session_id)';
begin
  for v_table, v_seen in
    values
      ('people', 'sees_person(workspace_id, id)'),
      ('event_log', 'session_id is null or ' || v_session || ' or sees_link(workspace_id, session_id)'),
      ('data_keys', 'session_id is null or ' || v_session || ' or sees_link(workspace_id, session_id)'),
      ('session_credentials', v_session),
      ('signal_keys', v_session),
      ('inbound_journal', v_session),
      ('session_strings', v_session),
      ('outbox_messages', v_session),
      ('own_chat_commands', v_session),
      ('session_history', v_session)
  loop
    v_seen := 'workspace_id = nullif(current_setting(''app.workspace'', true), '''')::uuid'
      ' and (nullif(current_setting(''app.user'', true), '''') is null or ' || v_seen || ')';
    execute format('alter policy %1$I on %2$I using (%3$s) with check (%3$s)', v_table || '_tenant', v_table, v_seen);
  end loop;
end
$$;
