-- The archive: the truth of Redress.  Applied once, in one transaction, to an empty database
-- whose encoding is UTF8 and whose locale is not C (pg_trgm sees no Chinese there).
--
-- Journal and heads are the truth; complaint, clock, submission and figure are written in the same transaction as the
-- events they follow from, and `redress verify` folds the journal again and compares.

BEGIN;

CREATE SCHEMA redress;
SET search_path TO redress;

CREATE TABLE archive (
    one         boolean PRIMARY KEY DEFAULT true CHECK (one),
    schema      integer NOT NULL,          -- common/postgres/archive_form.h
    file        integer NOT NULL,          -- the number of the newest file of deploy/schema that was applied
    partitions  integer NOT NULL CHECK (partitions BETWEEN 1 AND 1024),
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Versions of policies, pinned by cases (law 11); never changed.
CREATE TABLE policy (
    id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text NOT NULL,
    version     integer NOT NULL,
    hash        bytea NOT NULL UNIQUE,
    source      text NOT NULL,
    loaded_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (name, version)
);

-- Versions of the organisation, the newest holds; never changed.  The five tables that follow are its rows, written anew
-- with each version in the same transaction, for screens and reports.
CREATE TABLE org (
    version     integer PRIMARY KEY CHECK (version > 0),
    name        text NOT NULL,
    hash        bytea NOT NULL,
    source      text NOT NULL,
    applied_by  text NOT NULL,
    applied_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TABLE department (
    department text PRIMARY KEY,
    parent     text REFERENCES department DEFERRABLE INITIALLY DEFERRED,
    head       text                 -- of the people in agent
);
CREATE TABLE agent (
    agent      text PRIMARY KEY,
    department text REFERENCES department,
    shift      text,                -- NULL: always at work
    capacity   integer CHECK (capacity >= 0), -- NULL: as the policy says
    deputy     text REFERENCES agent DEFERRABLE INITIALLY DEFERRED
);
CREATE TABLE agent_role (
    agent text NOT NULL REFERENCES agent,
    role  text NOT NULL,
    PRIMARY KEY (agent, role)
);
CREATE TABLE agent_skill (
    agent text NOT NULL REFERENCES agent,
    skill text NOT NULL,
    level smallint NOT NULL CHECK (level BETWEEN 1 AND 5),
    PRIMARY KEY (agent, skill)
);
CREATE TABLE agent_leave (
    agent    text NOT NULL REFERENCES agent,
    begins   timestamptz NOT NULL,
    ends     timestamptz NOT NULL CHECK (ends > begins),
    PRIMARY KEY (agent, begins)
);

-- Who is there.  A member is gone when its database session is, or when it has not renewed for a lease.
CREATE TABLE member (
    service     smallint NOT NULL,
    instance    text NOT NULL,
    publisher   text NOT NULL,             -- where its PUB socket is bound
    requests    text NOT NULL DEFAULT '',  -- where its ROUTER is bound, if it has one
    server_key  text NOT NULL DEFAULT '',  -- CURVE key of both; '': no tcp
    host        text NOT NULL DEFAULT '',  -- where it runs, for people
    pid         integer NOT NULL DEFAULT 0,
    incarnation bigint NOT NULL DEFAULT 0, -- of the process: two under one name do not take turns
    leaving     boolean NOT NULL DEFAULT false,
    backend_pid   integer NOT NULL,
    backend_start timestamptz NOT NULL,
    lease_until timestamptz NOT NULL,
    PRIMARY KEY (service, instance)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);

-- One row a stream: lease, fence, checkpoints, chain head, registry (laws 2, 3, 4).
CREATE TABLE head (
    service       smallint NOT NULL,
    partition     smallint NOT NULL,
    epoch         bigint NOT NULL DEFAULT 0,
    owner         text NOT NULL DEFAULT '',
    backend_pid   integer NOT NULL DEFAULT 0,
    backend_start timestamptz,
    lease_until   timestamptz NOT NULL DEFAULT '-infinity',
    seq           bigint NOT NULL DEFAULT 0,
    hash          bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
    intake_seq    bigint NOT NULL DEFAULT 0,
    intake_hash   bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
    triage_seq    bigint NOT NULL DEFAULT 0,
    triage_hash   bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
    dispatch_seq  bigint NOT NULL DEFAULT 0,
    dispatch_hash bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
    watchdog_seq  bigint NOT NULL DEFAULT 0,
    watchdog_hash bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
    PRIMARY KEY (service, partition)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);

-- No index by case: per event appended it costs 8 us and 211 bytes of WAL (btree; it doubles the append), or
-- 2 us (BRIN, which then finds a case slower than the key does).  Whoever wants the events of one case reads its partition
-- of each service by the key: about 1 us an event.
--
-- Listed by service, then by period.  journal_intake is the part of the period that is open, and its column's default
-- says which that is: the append names neither, so it costs nothing and no part can be missing.  journal_turn closes it.
-- The key is each part's own: that of the whole would have to hold the period, 8 bytes an event, and no reader asks for it.
CREATE TABLE journal (
    service   smallint NOT NULL,
    partition smallint NOT NULL,
    seq       bigint NOT NULL,
    case_id   bigint NOT NULL,
    kind      smallint NOT NULL,
    at        timestamptz NOT NULL,
    hash      bytea NOT NULL,
    bytes     bytea NOT NULL,
    period    smallint NOT NULL
) PARTITION BY LIST (service);
ALTER TABLE journal ALTER bytes SET STORAGE EXTERNAL; -- sealed bytes do not compress: do not try
CREATE TABLE journal_of_intake   PARTITION OF journal FOR VALUES IN (1) PARTITION BY LIST (period);
CREATE TABLE journal_of_triage   PARTITION OF journal FOR VALUES IN (2) PARTITION BY LIST (period);
CREATE TABLE journal_of_dispatch PARTITION OF journal FOR VALUES IN (3) PARTITION BY LIST (period);
CREATE TABLE journal_of_watchdog PARTITION OF journal FOR VALUES IN (4) PARTITION BY LIST (period);

-- Where a stream of the journal begins when periods are detached: the last event of each that is gone, and the last case
-- of which something is gone with it.  Written before a period is detached, removed after it is attached again.
CREATE TABLE journal_cut (
    service   smallint NOT NULL,
    partition smallint NOT NULL,
    period    smallint NOT NULL,
    seq       bigint NOT NULL,
    hash      bytea NOT NULL,
    case_id   bigint NOT NULL,
    received  bigint NOT NULL,      -- how many cases begin in it
    PRIMARY KEY (service, partition, period)
);

-- Accepted submissions: the unique key is what makes a submission one case (law 1).  Holds the wrapped case key: to
-- erase a person is to destroy it.
CREATE TABLE submission (
    submission_id uuid NOT NULL,
    channel       text NOT NULL,
    case_id       bigint NOT NULL,
    digest        bytea NOT NULL,   -- of what becomes the case: the same id with another body is refused; erased: zeros
    customer      bigint,           -- blind index, NULL: unknown, erased
    at            timestamptz NOT NULL,
    wrapped_key   bytea,            -- NULL: erased
    has_key       boolean NOT NULL GENERATED ALWAYS AS (wrapped_key IS NOT NULL) STORED, -- for who may not see it
    hash          bytea NOT NULL,   -- of its Received: a receipt can be given again when the journal's period is gone
    PRIMARY KEY (submission_id, channel)
);
CREATE INDEX submission_case ON submission (case_id);
CREATE INDEX submission_customer ON submission (customer) WHERE customer IS NOT NULL;

CREATE TABLE complaint (
    case_id        bigint PRIMARY KEY,
    policy_id      integer NOT NULL,
    version        integer NOT NULL,
    step           text NOT NULL,
    queue          text NOT NULL,      -- '': in none
    home_queue     text NOT NULL,      -- where it goes when its agent releases it
    agent          text NOT NULL,      -- '': nobody
    agent_role     text NOT NULL,      -- in which the agent holds it
    last_actor     text NOT NULL,
    category       text NOT NULL,      -- '': not decided
    severity_class text NOT NULL,
    channel        text NOT NULL,
    customer       bigint NOT NULL,    -- 0: unknown
    score          integer NOT NULL,
    repeats        integer NOT NULL,
    priority       smallint NOT NULL,
    escalation     smallint NOT NULL,
    language       smallint NOT NULL,
    reopened       smallint NOT NULL,
    followed_up    smallint NOT NULL,
    acknowledged   boolean NOT NULL,
    received_at    timestamptz NOT NULL,
    opened_at      timestamptz NOT NULL,
    step_since     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    closed_at      timestamptz,        -- NULL: open
    outcome        text NOT NULL,      -- how it ended; '': open
    more           bytea NOT NULL,     -- marks and kept fields, in the layout of dispatch_store_more.c
    pushes         boolean NOT NULL,   -- it waits in a queue that offers its cases by itself
    cause          text NOT NULL       -- POLICY/CHOICE where complaints of the same cause are counted; '': as none
) WITH (fillfactor = 50);
-- Those are looked for once a second.  Where no queue says so it is empty, and updates of a row touch no index.
CREATE INDEX complaint_pushes ON complaint (case_id) WHERE pushes;
-- Complaints of one cause that came after another was settled.  Only those whose cause was found stand in it.
CREATE INDEX complaint_cause ON complaint (cause, received_at) WHERE cause <> '';

-- How many cases a person may hold at once; a claim counts only when this row allows it (law 6).
CREATE TABLE agent_slot (
    agent    text PRIMARY KEY,
    used     integer NOT NULL DEFAULT 0 CHECK (used >= 0),
    capacity integer NOT NULL CHECK (capacity >= 0)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);

-- Commands that were done, so that the same id is answered again and not done again; kept for 30 days (the owner of
-- partition 0 deletes older ones in slices).
CREATE TABLE command (
    command_id uuid PRIMARY KEY,
    case_id    bigint NOT NULL,
    seq        bigint NOT NULL,      -- of the event it became, in dispatch's stream
    at         timestamptz NOT NULL,
    mark       bigint NOT NULL       -- keyed digest of who asked for what: the same id, but another command, is refused
);
CREATE INDEX command_at ON command USING brin (at) WITH (pages_per_range = 16, autosummarize = on);

-- The clocks of one case, in the layout of watchdog_store.c (its version is the first byte).
CREATE TABLE clock (
    case_id   bigint PRIMARY KEY,
    policy_id integer NOT NULL,
    closed    boolean NOT NULL,
    next_due  timestamptz NOT NULL, -- when the next level fires; infinity: nothing is running
    due       timestamptz NOT NULL, -- nearest due time of a clock that runs and has no verdict; infinity: none
    missed    timestamptz NOT NULL, -- when the first that was missed and has not stopped was due; infinity: none
    dues      bytea NOT NULL,       -- of each of them, in the layout of common/base/clock_dues.h
    raised    smallint NOT NULL,    -- most urgent priority a level has asked for; 0: none
    raised_by text NOT NULL,        -- its clock
    unknown   boolean NOT NULL DEFAULT false, -- a clock runs whose due instant its calendar cannot say
    state     bytea NOT NULL
) WITH (fillfactor = 50);
CREATE INDEX clock_unknown ON clock (case_id) WHERE unknown;

CREATE TABLE figure (
    hour      timestamptz NOT NULL, -- when it begins; half or a quarter of one where the policy's zone needs it
    measure   text NOT NULL,
    policy_id integer NOT NULL,
    channel   text NOT NULL,
    category  text NOT NULL,
    queue     text NOT NULL,
    clock     text NOT NULL,
    phase     smallint NOT NULL,
    bucket    smallint NOT NULL,
    field     text NOT NULL,        -- answers: which field of the policy
    value     text NOT NULL,        -- closings: the outcome; answers: the choice or score
    count     bigint NOT NULL,
    sum       bigint NOT NULL,      -- seconds; of answers that are numbers, 10^-4 of their unit
    PRIMARY KEY (hour, measure, policy_id, channel, category, queue, clock, phase, bucket, field, value)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- Raised inside a batch so that the whole of it is undone: SQLSTATE RD001 fenced, RD002 an agent is full.
CREATE FUNCTION fence(partition smallint, epoch bigint, seq bigint) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'fenced: partition % is at epoch %, seq %', partition, epoch, seq USING ERRCODE = 'RD001';
END $$;

CREATE FUNCTION agent_full(agents text[]) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF cardinality(agents) > 0 THEN
        RAISE EXCEPTION 'agent full' USING ERRCODE = 'RD002', DETAIL = array_to_string(agents, E'\n');
    END IF;
    RETURN true;
END $$;

-- Nobody rewrites the journal: not by mistake, and not without being superuser.
CREATE FUNCTION journal_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the journal is append-only' USING ERRCODE = 'RD003';
END $$;
CREATE TRIGGER final BEFORE UPDATE OR DELETE ON journal FOR EACH ROW EXECUTE FUNCTION journal_is_final();

-- The open part of a service's journal for a period.  The row trigger is the part's own besides that of the journal: it
-- stays when the part is detached.
CREATE FUNCTION journal_open(service text, period integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TABLE journal_%1$s PARTITION OF journal_of_%1$s (period DEFAULT %2$s) FOR VALUES IN (%2$s)',
                   service, period);
    EXECUTE format('ALTER TABLE journal_%s ADD PRIMARY KEY (service, partition, seq)', service);
    EXECUTE format('CREATE TRIGGER kept BEFORE UPDATE OR DELETE ON journal_%s FOR EACH ROW '
                   'EXECUTE FUNCTION journal_is_final()', service);
    EXECUTE format('CREATE TRIGGER kept_whole BEFORE TRUNCATE ON journal_%s EXECUTE FUNCTION journal_is_final()', service);
    EXECUTE format('GRANT SELECT ON journal_%s TO redress_daemon, redress_reader', service);
    EXECUTE format('GRANT INSERT ON journal_%1$s TO redress_%1$s', service);
END $$;

-- The number of the period that is open.
CREATE FUNCTION journal_period(service text) RETURNS integer LANGUAGE sql STABLE AS $$
    SELECT pg_get_expr(adbin, adrelid)::integer FROM pg_attrdef JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum
    WHERE adrelid = ('redress.journal_' || service)::regclass AND attname = 'period'
$$;

-- Closes the open period of a service and opens that one, for the next append: a daemon's statements find the new table
-- by its name, and what is under way is waited for.  Locks in the order in which readers take them.
CREATE FUNCTION journal_turn(service text, period integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    closed integer := journal_period(service);
BEGIN
    EXECUTE format('LOCK TABLE ONLY journal_of_%1$s, ONLY journal_%1$s IN ACCESS EXCLUSIVE MODE', service);
    EXECUTE format('REVOKE INSERT ON journal_%1$s FROM redress_%1$s', service);
    EXECUTE format('ALTER TABLE journal_%1$s RENAME TO journal_%1$s_%2$s', service, closed);
    EXECUTE format('ALTER INDEX journal_%1$s_pkey RENAME TO journal_%1$s_%2$s_pkey', service, closed);
    PERFORM journal_open(service, period);
END $$;

-- What a part of the journal holds, by the key: streams have no holes.
CREATE FUNCTION journal_part_holds(part regclass, service integer, OUT events bigint, OUT first_at timestamptz,
                                   OUT last_at timestamptz) LANGUAGE plpgsql STABLE AS $$
BEGIN
    EXECUTE format('SELECT coalesce(sum(z.seq - a.seq + 1), 0)::bigint, min(a.at), max(z.at) FROM head h, '
                   'LATERAL (SELECT seq, at FROM %1$s j WHERE j.service = h.service AND j.partition = h.partition '
                   'ORDER BY seq LIMIT 1) a, '
                   'LATERAL (SELECT seq, at FROM %1$s j WHERE j.service = h.service AND j.partition = h.partition '
                   'ORDER BY seq DESC LIMIT 1) z WHERE h.service = $1', part)
        INTO events, first_at, last_at USING service;
END $$;

-- The parts of the journal that are here, attached or not.  leaving: its detaching was broken off.
CREATE VIEW journal_part AS
    SELECT s.id AS service, s.name, n.period, p.oid::regclass AS part, p.relname = 'journal_' || s.name AS open,
           i.inhrelid IS NOT NULL AND NOT i.inhdetachpending AS attached, coalesce(i.inhdetachpending, false) AS leaving
    FROM (VALUES (1, 'intake'), (2, 'triage'), (3, 'dispatch'), (4, 'watchdog')) s(id, name)
    JOIN pg_class p ON p.relnamespace = 'redress'::regnamespace AND p.relkind = 'r'
        AND p.relname ~ ('^journal_' || s.name || '(_[0-9]+)?$')
    LEFT JOIN pg_inherits i ON i.inhrelid = p.oid
    CROSS JOIN LATERAL (SELECT coalesce(substring(p.relname FROM '[0-9]+$')::integer, journal_period(s.name))) n(period);

-- Who may do what.  A daemon has a role of its own, so that a bug or a burglar in one cannot write another's streams
-- (law 2) and nobody at all can rewrite the journal (law 3).  redress_reader looks, redress_policy adds policies; both
-- are for people and screens.  Roles belong to the server, not to the database: several archives may share them.
DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['daemon', 'intake', 'triage', 'dispatch', 'watchdog', 'analytics', 'reader', 'policy']
    LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'redress_' || wanted) THEN
            EXECUTE format('CREATE ROLE %I %s', 'redress_' || wanted,
                           CASE wanted WHEN 'daemon' THEN 'NOLOGIN' ELSE 'LOGIN' END);
        END IF;
    END LOOP;
END $$;
GRANT redress_daemon TO redress_intake, redress_triage, redress_dispatch, redress_watchdog, redress_analytics;
GRANT pg_read_all_stats TO redress_reader; -- which sessions are there, to tell the living from the gone

GRANT USAGE ON SCHEMA redress TO redress_daemon, redress_reader, redress_policy;
GRANT SELECT ON archive, policy, member, head, journal TO redress_daemon, redress_reader;
GRANT SELECT ON journal_cut TO redress_daemon; -- a case that is folded anew has to be there from its beginning
GRANT SELECT ON journal_cut, journal_part TO redress_reader;
GRANT INSERT, UPDATE, DELETE ON member TO redress_daemon;
GRANT UPDATE ON head TO redress_daemon;
REVOKE EXECUTE ON FUNCTION journal_open, journal_turn FROM PUBLIC;
SELECT journal_open(service, 1) FROM unnest(ARRAY['intake', 'triage', 'dispatch', 'watchdog']) AS service;
GRANT SELECT, INSERT ON submission TO redress_intake;
GRANT SELECT (submission_id, case_id, customer, at) ON submission TO redress_triage;
GRANT SELECT (submission_id, case_id, wrapped_key), UPDATE (digest, customer, wrapped_key) ON submission TO redress_dispatch;
GRANT SELECT, INSERT, UPDATE ON complaint, agent_slot, command TO redress_dispatch;
GRANT DELETE ON command TO redress_dispatch;
GRANT SELECT ON clock TO redress_dispatch;
GRANT SELECT, INSERT, UPDATE ON clock TO redress_watchdog;
GRANT SELECT, INSERT, UPDATE ON figure TO redress_analytics;
GRANT SELECT ON complaint, agent_slot, command, clock, figure TO redress_reader;
GRANT SELECT (submission_id, channel, case_id, digest, at, has_key) ON submission TO redress_reader; -- no key, no customer
GRANT SELECT, INSERT ON policy, org TO redress_policy;
GRANT SELECT (agent, closed_at) ON complaint TO redress_policy; -- who is left out of an organisation holds cases
GRANT SELECT, INSERT, DELETE ON department, agent, agent_role, agent_skill, agent_leave TO redress_policy;
GRANT SELECT ON org, department, agent, agent_role, agent_skill, agent_leave TO redress_dispatch, redress_reader;

-- What PostgreSQL lets everybody do in a database, and none of these need: tables and large objects of one's own fill
-- its disk (law 9).  These functions are the server's, so that only its superuser takes them from everybody.
DO $$
BEGIN
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
    IF current_setting('is_superuser')::boolean THEN
        REVOKE EXECUTE ON FUNCTION pg_catalog.lo_creat(integer), pg_catalog.lo_create(oid),
            pg_catalog.lo_from_bytea(oid, bytea) FROM PUBLIC;
    END IF;
END $$;

-- Rows of head and member are written by their own service only.
ALTER TABLE head ENABLE ROW LEVEL SECURITY;
ALTER TABLE member ENABLE ROW LEVEL SECURITY;
CREATE POLICY everybody_looks ON head FOR SELECT USING (true);
CREATE POLICY everybody_looks ON member FOR SELECT USING (true);
CREATE POLICY own_intake    ON head FOR UPDATE TO redress_intake    USING (service = 1);
CREATE POLICY own_triage    ON head FOR UPDATE TO redress_triage    USING (service = 2);
CREATE POLICY own_dispatch  ON head FOR UPDATE TO redress_dispatch  USING (service = 3);
CREATE POLICY own_watchdog  ON head FOR UPDATE TO redress_watchdog  USING (service = 4);
CREATE POLICY own_analytics ON head FOR UPDATE TO redress_analytics USING (service = 5);
CREATE POLICY own_intake    ON member TO redress_intake    USING (service = 1);
CREATE POLICY own_triage    ON member TO redress_triage    USING (service = 2);
CREATE POLICY own_dispatch  ON member TO redress_dispatch  USING (service = 3);
CREATE POLICY own_watchdog  ON member TO redress_watchdog  USING (service = 4);
CREATE POLICY own_analytics ON member TO redress_analytics USING (service = 5);

INSERT INTO archive (schema, file, partitions) VALUES (9, 1, :partitions);
INSERT INTO head (service, partition)
    SELECT s, p FROM generate_series(1, 5) s, generate_series(0, :partitions - 1) p;

COMMIT;
