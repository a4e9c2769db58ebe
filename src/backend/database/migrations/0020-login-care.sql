-- What keeps people out of nobody's hands but their own: a link for a new password, networks that a login is known at, and what clears away
-- behind them.

-- The one link that lets its holder choose a new password; made by the operator, who has shown it to nobody else.
alter table logins
  -- SHA-256
  add column password_link_hash bytea,
  add column password_link_until timestamptz,
  -- Whether it takes the second factor away, too.
  add column password_link_drops_factor boolean not null default false;
-- Spans logins, as refresh_tokens_hash_key does.
create unique index logins_password_link_key on logins (password_link_hash) where password_link_hash is not null;

create function login_by_password_link(p_hash bytea) returns uuid
  language sql stable security definer
  set search_path = whizlite, pg_temp
  begin atomic
    select id from logins where password_link_hash = p_hash;
  end;

-- Networks that a login has signed in from, both as keyed hashes: wrong passwords of strangers do not keep it out there. Known before anybody
-- is, so it belongs to no tenant.
create table sign_in_networks (
  login bytea not null,
  network bytea not null,
  -- The last sign-in.
  at timestamptz not null default clock_timestamp(),
  primary key (login, network)
);
create index sign_in_networks_by_age on sign_in_networks (at);

-- Sign-ins that are over for good go, whosever they are, with their tokens; they are open to their login alone, which may have no workspace.
create policy refresh_families_owner on refresh_families for select to current_user using (true);
create policy refresh_families_over on refresh_families for delete to current_user using (expires_at < statement_timestamp());
create function forget_sign_ins(p_limit bigint) returns bigint
  language sql security definer
  set search_path = whizlite, pg_temp
  begin atomic
    with gone as (
      delete from refresh_families where (login_id, id) in (
        select login_id, id from refresh_families where expires_at < statement_timestamp() order by expires_at limit p_limit
      ) returning 1
    ) select count(*) from gone;
  end;

-- Workspaces keep the e-mail of their members; it is the login's (app.user).
create policy app_users_owner_email on app_users for update to current_user using (true) with check (true);
create function spread_login_email() returns void
  language sql security definer
  set search_path = whizlite, pg_temp
  begin atomic
    update app_users u set email = l.email from logins l
    where l.id = nullif(current_setting('app.user', true), '')::uuid and u.id = l.id;
  end;
