-- Linking by pairing code, the queue, limits, and what a linked account may ask for in its own chat.

alter table link_attempts drop constraint link_attempts_phase_check;
alter table link_attempts add constraint link_attempts_phase_check check (
  phase in (
    'queued', 'starting', 'scanning', 'scanned', 'preparing', 'delivering', 'complete', 'expired', 'cancelled', 'failed'
  )
);
alter table link_attempts
  add column method text not null default 'qr' check (method in ('qr', 'code')),
  -- what is shown instead of a QR; like it, kept only while it is shown
  add column code bytea,
  add column code_expires_at timestamptz,
  add column code_entered boolean not null default false,
  -- the number that must be linked, sealed; gone with the attempt's end
  add column expected_number bytea,
  -- the visitor's last sign of life, kept while the attempt waits in the queue
  add column seen_at timestamptz not null default clock_timestamp();

-- Answers to commands in the account's own chat: one per message, however often an engine tells of it.
create table own_chat_commands (
  workspace_id uuid not null references workspaces (id) on delete cascade,
  session_id uuid not null,
  wa_message_id text not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (workspace_id, session_id, wa_message_id)
);

-- Only what the account's own devices sent has a recipient: few rows, looked through for commands that a crash has left unanswered.
create index inbound_journal_own on inbound_journal (workspace_id, session_id, created_at)
  where stanza ->> 'recipient' is not null;

-- 'farewell': after its verdict this server takes its device off the account.
alter table outbox_messages drop constraint outbox_messages_kind_check;
alter table outbox_messages add constraint outbox_messages_kind_check check (kind in ('secret', 'notice', 'farewell'));

-- What is said about another message depends on what became of that one: a row is sent if it did, and is gone if it did not.
alter table outbox_messages
  add column follows uuid,
  add column follows_when text check (follows_when in ('sent', 'failed')),
  add check ((follows is null) = (follows_when is null));
create index outbox_messages_followers on outbox_messages (workspace_id, follows) where follows is not null;

-- A session that was taken back from a bot: when that bot connects again it is handed off again, without a fight.
alter table sessions add column taken_back_at timestamptz;

-- Starts by whom they are counted for: an address, a number, each as a keyed hash, so that neither can be read or guessed from it.
-- Known to all nodes, owned by no tenant: the public page belongs to the operator.
create table link_starts (
  subject bytea not null,
  -- the attempt, which gives its counts back when it asked WhatsApp for nothing
  session_id uuid not null,
  at timestamptz not null default clock_timestamp()
);
create index link_starts_by_subject on link_starts (subject, at);
create index link_starts_by_age on link_starts (at);
create index link_starts_by_attempt on link_starts (session_id);

-- A subject that asked too often waits, twice as long each time, until a day without another offence.
create table link_cool_downs (
  subject bytea primary key,
  until timestamptz not null,
  level integer not null,
  at timestamptz not null default clock_timestamp()
);

-- Attempts that have a place, or wait for one in this order, on all nodes. A row ends with its attempt, or with its node.
create table link_places (
  session_id uuid primary key,
  node_id uuid not null,
  subjects bytea[] not null,
  position bigint generated always as identity,
  granted boolean not null
);
create index link_places_waiting on link_places (position) where not granted;

do $$
declare
  tenant_table text;
begin
  foreach tenant_table in array array['own_chat_commands'] loop
    execute format('alter table %I enable row level security', tenant_table);
    execute format('alter table %I force row level security', tenant_table);
    execute format(
      'create policy %I on %I'
      ' using (workspace_id = nullif(current_setting(''app.workspace'', true), '''')::uuid)'
      ' with check (workspace_id = nullif(current_setting(''app.workspace'', true), '''')::uuid)',
      tenant_table || '_tenant', tenant_table
    );
  end loop;
end
$$;

-- Who may open an attempt is decided under one lock for all nodes, each decision in one call, so that a start costs one question and
-- two starts at once cannot both take the last place. Each statement after the lock sees what was decided before.

-- An offence: the subject waits, twice as long as last time, at most a day. A day after a wait has ended it is forgotten.
create function link_offence(p_subject bytea) returns timestamptz language plpgsql as $$
declare
  v_now timestamptz := clock_timestamp();
  v_level integer;
  v_until timestamptz;
begin
  select least(level + 1, 8) into v_level from link_cool_downs where subject = p_subject and until > v_now - interval '1 day';
  v_level := coalesce(v_level, 1);
  v_until := v_now + least(interval '15 minutes' * 2 ^ (v_level - 1), interval '1 day');
  insert into link_cool_downs as known (subject, until, level, at) values (p_subject, v_until, v_level, v_now)
  on conflict (subject) do update set until = greatest(known.until, excluded.until), level = excluded.level, at = excluded.at;
  return v_until;
end
$$;

-- Rows of attempts that have ended and of nodes that are lost. The asking node lives, whatever its lease says.
-- p_unused: what asked WhatsApp for nothing is not counted, nor is what waited on a lost node.
create function link_forget_places(p_node uuid, p_left uuid[], p_unused uuid[]) returns void language sql as $$
  with lost as (
    delete from link_places p
    where node_id <> p_node and not exists (select from nodes n where n.id = p.node_id and n.lease_until > clock_timestamp())
    returning session_id, granted
  )
  delete from link_starts where session_id = any (p_unused || array(select session_id from lost where not granted));
  delete from link_places where session_id = any (p_left)
$$;

-- Gives free places to those who wait longest, wherever they wait; nobody waits for a node that is full but its own visitors.
-- p_held: what the asking node knows it has, also when its rows were taken for a lost node's.
create function link_grant_places(p_node uuid, p_held integer, p_per_node integer, p_active integer, p_channel text)
returns void language sql as $$
  with held as (
    select node_id, count(*) as places from link_places where granted group by node_id
  ), waiting as (
    select session_id, node_id, position, row_number() over (partition by node_id order by position) as nth
    from link_places where not granted
  ), chosen as (
    select session_id from waiting left join held using (node_id)
    where nth <= p_per_node - greatest(coalesce(places, 0), case when node_id = p_node then p_held else 0 end)
    order by position limit (select greatest(0, p_active - count(*)) from link_places where granted)
  ), changed as (
    update link_places set granted = true where session_id in (select session_id from chosen) returning node_id
  )
  select pg_notify(p_channel, node_id::text) from (select distinct node_id from changed where node_id <> p_node) as others
$$;

-- One start. The limits come as parallel arrays: a subject, how many, within how many seconds (null: at the same time).
create function link_enter(
  p_session uuid, p_node uuid, p_left uuid[], p_unused uuid[], p_held integer, p_counted bytea[], p_obeyed bytea[],
  p_subjects bytea[], p_most integer[], p_seconds integer[],
  p_per_node integer, p_active integer, p_queued integer, p_channel text,
  -- granted, queued, full, cooling, or offence: refused by a count
  out outcome text, out place bigint, out blocked bytea, out cooling_ms double precision, out retry_seconds integer
) language plpgsql as $$
declare
  v_now timestamptz;
  v_offenders bytea[];
  v_subject bytea;
  v_until timestamptz;
  v_latest timestamptz;
  v_room_at timestamptz;
begin
  -- a count that a power cut loses harms nobody, and a place that it brings back is found by its node
  perform set_config('synchronous_commit', 'off', true);
  perform pg_advisory_xact_lock(7416003);
  perform link_forget_places(p_node, p_left, p_unused);
  v_now := clock_timestamp();

  select array_agg(distinct l.subject), max(l.room_at) into v_offenders, v_room_at
  from (
    select subject, most, seconds, (
      select s.at + make_interval(secs => g.seconds) from link_starts s
      where s.subject = g.subject and s.at > v_now - make_interval(secs => g.seconds)
      order by s.at desc offset g.most - 1 limit 1
    ) as room_at
    from unnest(p_subjects, p_most, p_seconds) as g (subject, most, seconds)
  ) as l
  where l.room_at is not null
    or l.seconds is null and (select count(*) from link_places p where p.subjects @> array[l.subject]) >= l.most;

  select c.subject, c.until into blocked, v_latest from link_cool_downs c
  where c.subject = any (p_obeyed) and c.until > v_now order by c.until desc limit 1;
  outcome := 'cooling';
  if blocked is null and v_offenders is not null then
    outcome := 'offence';
    foreach v_subject in array v_offenders loop
      v_until := link_offence(v_subject);
      if v_latest is null or v_until > v_latest then
        blocked := v_subject;
        v_latest := v_until;
      end if;
    end loop;
  end if;
  if blocked is not null then
    cooling_ms := extract(epoch from v_latest - v_now) * 1000;
    retry_seconds := ceil(extract(epoch from greatest(v_latest, v_room_at) - v_now));
    return;
  end if;

  insert into link_places (session_id, node_id, subjects, granted) values (p_session, p_node, p_counted, false)
  returning position into place;
  perform link_grant_places(p_node, p_held, p_per_node, p_active, p_channel);
  select case when granted then 'granted' else 'queued' end into outcome from link_places where session_id = p_session;
  if outcome = 'queued' and (select count(*) from link_places where not granted) > p_queued then
    delete from link_places where session_id = p_session;
    outcome := 'full';
    return;
  end if;
  insert into link_starts (subject, session_id, at) select s, p_session, v_now from unnest(p_counted) as s;
end
$$;

-- Brings the table and one node together: what has ended goes, what others took for a lost node's comes back at its old position.
create function link_sync_places(
  p_node uuid, p_left uuid[], p_unused uuid[], p_missing jsonb, p_held integer, p_per_node integer, p_active integer, p_channel text
) returns table (attempt uuid, has_turn boolean) language plpgsql as $$
begin
  perform set_config('synchronous_commit', 'off', true);
  perform pg_advisory_xact_lock(7416003);
  perform link_forget_places(p_node, p_left, p_unused);
  insert into link_places (session_id, node_id, subjects, position, granted) overriding system value
  select m.session, p_node, array(select decode(s, 'hex') from unnest(m.subjects) as s), m.position, m.granted
  from jsonb_to_recordset(p_missing) as m (session uuid, subjects text[], position bigint, granted boolean)
  on conflict (session_id) do nothing;
  perform link_grant_places(p_node, p_held, p_per_node, p_active, p_channel);
  return query select session_id, granted from link_places where node_id = p_node;
end
$$;
