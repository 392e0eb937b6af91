-- Two roles and a database for callbacks: one role owns the tables and migrates, the other runs the
-- product and cannot change the audit. Run it as PostgreSQL's superuser with psql (14 or newer), once
-- before the first migration and once after it; it may be repeated at any time.
--
--   OWNER_PASSWORD=... APP_PASSWORD=... psql --file docs/deploy/roles.sql
--
-- The passwords come from the environment, since arguments can be read by every user of the machine.

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

-- The passwords below reach neither the server's log nor its statistics.
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
-- Statements and the details of errors hold what visitors typed: both stay out of the server's log.
ALTER DATABASE callbacks SET log_min_error_statement = 'panic';
ALTER DATABASE callbacks SET log_error_verbosity = 'terse';

\connect callbacks
ALTER SCHEMA public OWNER TO callbacks_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO callbacks_app;

-- The product reads and writes what there is, and what later migrations make.
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO callbacks_app;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO callbacks_app;
ALTER DEFAULT PRIVILEGES FOR ROLE callbacks_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO callbacks_app;
ALTER DEFAULT PRIVILEGES FOR ROLE callbacks_owner IN SCHEMA public
    GRANT USAGE, SELECT ON SEQUENCES TO callbacks_app;

-- Which migrations have run is the owner's to write, and the audit is only ever added to. Before the
-- first migration there is neither table.
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
