#!/bin/sh
# The roles of the application and of the exporter. The image runs this once, on an empty volume;
# it may be run again at any time: docker compose exec postgres sh /docker-entrypoint-initdb.d/10-roles.sh
set -eu

secrets=${SECRETS:-/run/secrets}
for name in database_password monitoring_password; do
  [ -s "$secrets/$name" ] || { echo "Error: $secrets/$name is missing or empty" >&2; exit 1; }
done

# Passwords are read by psql itself: an argument would show in the list of processes.
psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 --set secrets="$secrets" \
  --username "${POSTGRES_USER:-postgres}" --dbname "$POSTGRES_DB" <<'SQL'
\set application `cat :secrets/database_password`
\set monitoring `cat :secrets/monitoring_password`
SELECT format('CREATE ROLE %I LOGIN', name)
  FROM (VALUES ('alojamientos'), ('monitoring')) AS wanted (name)
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
\gexec
ALTER ROLE alojamientos PASSWORD :'application';
ALTER ROLE monitoring PASSWORD :'monitoring';

-- Owner of its database, and no superuser: it can make its tables and trusted extensions.
SELECT format('ALTER DATABASE %I OWNER TO alojamientos', current_database()) \gexec
ALTER SCHEMA public OWNER TO alojamientos;

-- Statistics only: it can read no table.
GRANT pg_monitor TO monitoring;
ALTER ROLE monitoring SET default_transaction_read_only = on;
ALTER ROLE monitoring CONNECTION LIMIT 5;
SQL
