-- Who may connect to WhatsApp, and when, over all nodes. Both are system tables: ids, numbers and times.

-- One row per address that connects leave by. Connects are paid for ahead: each takes its part of a second from `paid_until`, and whoever
-- paid waits until their time has come. A time in the past is credit, of which the statement that pays keeps a limited part.
create table connect_budget (
  egress text primary key check (length(egress) between 1 and 100),
  paid_until timestamptz not null
);

-- What holds everybody back. `outdated`: WhatsApp refuses this version of its client (405); `scope` is the version. `upgrade_429`: it wants
-- fewer connects; `scope` is the address they leave by, `until` when it may be asked again.
create table connect_breakers (
  breaker text not null check (breaker in ('outdated', 'upgrade_429')),
  scope text not null check (length(scope) between 1 and 100),
  -- The session that met it last, and when: `outdated` needs two sessions within a minute to open.
  hit_by uuid not null,
  hit_at timestamptz not null,
  opened_at timestamptz,
  until timestamptz,
  -- When one session was last let through to see whether it still holds.
  tried_at timestamptz,
  primary key (breaker, scope)
);

-- What WhatsApp itself said to the owner of a session that it has locked.
alter table sessions add column reason_text text check (length(reason_text) <= 300);

-- How often WhatsApp has ended a connection over this message.
alter table outbox_messages add column rejections smallint not null default 0;
