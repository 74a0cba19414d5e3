"""The tables of the stores of jobs and executions, of user-defined processes and of secondary services."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, MetaData, String, Table, Text

#: Raised with every change of a table; a further table is none.
SCHEMA_VERSION = 1

metadata = MetaData()

schema = Table(
    "schema_version",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("owner", String(255), nullable=False),
    Column("title", Text),
    Column("description", Text),
    Column("process", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("progress", Float, nullable=False),
    Column("created", String(32), nullable=False),
    Column("updated", String(32), nullable=False),
    Column("started", String(32)),
    Column("finished", String(32)),
    Column("plan", Text),
    Column("budget", Float),
    Column("log_level", String(16), nullable=False),
    Column("usage", Text),
    Column("server", String(64)),
    Index("jobs_of_owner", "owner", "created", "id"),
    Index("jobs_by_status", "status"),
)

logs = Table(
    "logs",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("job", String(64), ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False),
    Column("level", String(16), nullable=False),
    Column("message", Text, nullable=False),
    Column("time", String(32), nullable=False),
    Column("path", Text),
    Column("code", String(64)),
    Column("data", Text),
    Index("logs_of_job", "job", "number"),
)

user_processes = Table(
    "user_processes",
    metadata,
    Column("owner", String(255), primary_key=True),
    Column("id", String(255), primary_key=True),
    Column("description", Text, nullable=False),
    Column("process_graph", Text, nullable=False),
    Column("created", String(32), nullable=False),
    Column("updated", String(32), nullable=False),
)

executions = Table(
    "executions",
    metadata,
    Column("job", String(64), ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("process", String(255), nullable=False),
    Column("response", String(16), nullable=False),
    Column("subscriber", Text, nullable=False),
    Column("root", Text, nullable=False),
)

services = Table(
    "services",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("owner", String(255), nullable=False),
    Column("type", String(32), nullable=False),
    Column("title", Text),
    Column("description", Text),
    Column("process", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("configuration", Text, nullable=False),
    Column("attributes", Text, nullable=False),
    Column("created", String(32), nullable=False),
    Column("updated", String(32), nullable=False),
    Column("plan", Text),
    Column("budget", Float),
    Column("log_level", String(16), nullable=False),
    Index("services_of_owner", "owner", "created", "id"),
)

service_logs = Table(
    "service_logs",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("service", String(64), ForeignKey("services.id", ondelete="CASCADE"), nullable=False),
    Column("level", String(16), nullable=False),
    Column("message", Text, nullable=False),
    Column("time", String(32), nullable=False),
    Column("path", Text),
    Column("code", String(64)),
    Column("data", Text),
    Index("logs_of_service", "service", "number"),
)
