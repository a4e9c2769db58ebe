-- Who runs which session: given up and taken in batches, the ones that matter first, each node its share.

alter table nodes
  -- How a process on the same machine can tell that this one has died; null where it cannot, and the lease has to run out.
  add column host text check (length(host) between 1 and 300),
  add column process text check (length(process) between 1 and 200);

-- A session that was given up belongs to the node 00000000-0000-0000-0000-000000000000 until another claims it.
alter table session_leases add column released_at timestamptz;

create policy outbox_messages_owner on outbox_messages for select to current_user using (true);

-- Takes sessions that nobody runs for one node, under a new epoch. Nobody runs those of a node whose lease has ended (p_grace ago), whose row
-- is gone, or who gave them up. A node takes what makes all that live and stay equally loaded, at most p_most, and one beyond
-- that for each that nobody has taken for p_patience. First those that have something to send or are being linked, then those that were
-- connected last.
-- The lost nodes' rows are held, so that a renewal waits for the claims that have not seen it, and a later claim sees it.
-- Functions of this kind return ids; the priority says no more than what a node learns by running the session.
create function claim_sessions(p_node uuid, p_most integer, p_grace interval, p_patience interval)
  returns table (session uuid, workspace uuid, claimed_epoch bigint, priority text)
  language plpgsql security definer
  set search_path = whizlite, pg_temp
as $$
declare
  v_owners uuid[];
  v_lost uuid[];
  v_live bigint;
  v_own bigint;
  v_all bigint;
  v_late bigint;
  v_share bigint;
begin
  -- a step from one owner to the next instead of a look at every session
  with recursive owners (id) as (
    (select l.node_id from session_leases l where l.wanted order by l.node_id limit 1)
    union all
    select (select l.node_id from session_leases l where l.wanted and l.node_id > o.id order by l.node_id limit 1)
    from owners o where o.id is not null
  )
  select array_agg(o.id) into v_owners from owners o where o.id is not null and o.id <> p_node;

  v_lost := array(
    select n.id from nodes n where n.id = any (v_owners) and n.lease_until + p_grace <= clock_timestamp() for share skip locked
  ) || array(
    select o.id from unnest(v_owners) as o (id) where not exists (select from nodes n where n.id = o.id)
  );
  if cardinality(v_lost) = 0 then
    return;
  end if;

  select count(*), count(*) filter (where
    case
      when n.id is not null then n.lease_until + p_grace + p_patience <= clock_timestamp()
      else l.released_at is null or l.released_at + p_patience <= clock_timestamp()
    end
  )
  into v_all, v_late
  from session_leases l left join nodes n on n.id = l.node_id
  where l.wanted and l.node_id = any (v_lost);

  select count(*) into v_live from nodes n where n.lease_until > clock_timestamp() and not n.draining and n.id <> p_node;
  select count(*) filter (where l.node_id = p_node), v_all + count(*) into v_own, v_all
  from session_leases l
  where l.wanted and l.node_id in (
    select n.id from nodes n where n.lease_until > clock_timestamp() and not n.draining union select p_node
  );
  v_share := least(p_most, greatest(v_late, ceil(v_all::numeric / (v_live + 1)) - v_own));

  return query
    with next as (
      select o.session_id as id, p.rank
      from session_leases o
      left join sessions s on s.workspace_id = o.workspace_id and s.id = o.session_id
      cross join lateral (
        select case
          when s.id is null or exists (
            select from outbox_messages m
            where m.workspace_id = o.workspace_id and m.session_id = o.session_id
              and m.state in ('queued', 'sending', 'unconfirmed')
          ) then 0
          when s.connected_at > clock_timestamp() - interval '1 day' then 1
          else 2
        end as rank
      ) as p
      where o.wanted and o.node_id = any (v_lost)
      order by p.rank, s.connected_at desc nulls last
      limit v_share for update of o skip locked
    )
    update session_leases l
    set node_id = p_node, epoch = l.epoch + 1, released_at = null
    from next where l.session_id = next.id
    returning l.session_id, l.workspace_id, l.epoch, (array['pending', 'recent', 'rest'])[next.rank + 1];
end
$$;
