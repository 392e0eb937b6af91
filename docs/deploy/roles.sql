-- Two roles and a database for callbacks: one role owns the tables and migrates, the other runs the
-- product and cannot change the audit. Run it as PostgreSQL's superuser with psql (14 or newer), once
-- before the first migration and once after it; it may be repeated at any time.
--
--   OWNER_PASSWORD=... APP_PASSWORD=... psql --file docs/deploy/roles.sql
--
-- The passwords come from the environment, because every user of the machine can read arguments.

\set ON_ERROR_STOP on
\getenv owner_password OWNER_PASSWORD
\getenv app_password APP_PASSWORD
\if :{?owner_password}
\else
    DO $$ BEGIN RAISE EXCEPTION 'OWNER_PASSWORD is not set in the environment of psql.'; END $$;
\endif
\if :{?app_password}
\else
    DO $$ BEGIN RAISE EXCEPTION 'APP_PASSWORD is not set in the environment of psql.'; END $$;
\endif

-- Keeps the passwords below out of the server's log and statistics.
SET log_statement = 'none';
SET log_min_error_statement = 'panic';
SET log_min_duration_statement = -1;

SELECT format('CREATE ROLE %I LOGIN', name)
FROM unnest(ARRAY['callbacks_owner', 'callbacks_app']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
\gexec
ALTER ROLE callbacks_owner NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'owner_password';
ALTER ROLE callbacks_app NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'app_password';

SELECT 'CREATE DATABASE callbacks OWNER callbacks_owner TEMPLATE template0 ENCODING ''UTF8'''
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'callbacks')
\gexec
REVOKE ALL ON DATABASE callbacks FROM PUBLIC;
GRANT CONNECT ON DATABASE callbacks TO callbacks_app;
-- Statements and error details contain what visitors typed: keep both out of the server's log.
ALTER DATABASE callbacks SET log_min_error_statement = 'panic';
ALTER DATABASE callbacks SET log_error_verbosity = 'terse';

\connect callbacks
ALTER SCHEMA public OWNER TO callbacks_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO callbacks_app;

-- The product reads and writes the existing tables, and those that later migrations create.
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO callbacks_app;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO callbacks_app;
ALTER DEFAULT PRIVILEGES FOR ROLE callbacks_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO callbacks_app;
ALTER DEFAULT PRIVILEGES FOR ROLE callbacks_owner IN SCHEMA public
    GRANT USAGE, SELECT ON SEQUENCES TO callbacks_app;

-- Only the owner records which migrations have run, and the product only adds to the audit. Before
-- the first migration, neither table exists.
SELECT format('REVOKE INSERT, UPDATE, DELETE ON %s FROM callbacks_app', found)
FROM to_regclass('public.django_migrations') AS found WHERE found IS NOT NULL
UNION ALL
SELECT format('REVOKE UPDATE, DELETE ON %s FROM callbacks_app', found)
FROM to_regclass('public.callbacks_auditentry') AS found WHERE found IS NOT NULL
\gexec

SELECT CASE
    WHEN to_regclass('public.callbacks_auditentry') IS NULL
    THEN 'The roles and the database are there. Migrate now, then run this once more.'
    ELSE 'The roles and the database are there, and the product cannot change the audit.'
END AS done
\gset
\echo :done
