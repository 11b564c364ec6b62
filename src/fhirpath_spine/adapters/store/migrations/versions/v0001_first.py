"""The first tables: calls, what was issued, feedback, used tokens."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Makes them."""
    op.create_table(
        "call",
        sa.Column("key", sa.String(36), primary_key=True),
        sa.Column("at", sa.Float, nullable=False, index=True),
        sa.Column("decision", sa.String(36), nullable=False, index=True),
        sa.Column("client", sa.String(64), nullable=False),
        sa.Column("service", sa.String(128), nullable=False),
        sa.Column("patient", sa.String(36), nullable=False),
        sa.Column("outcome", sa.String(64), nullable=False),
        sa.Column("milliseconds", sa.Float, nullable=False),
        sa.Column("cards", sa.Integer, nullable=False),
        sa.Column("ignored", sa.Integer, nullable=False),
        sa.Column("pathways", sa.Text, nullable=False),
        sa.Column("unread", sa.Text, nullable=False),
    )
    op.create_table(
        "issued",
        sa.Column("client", sa.String(64), primary_key=True),
        sa.Column("card", sa.String(36), primary_key=True),
        sa.Column("suggestion", sa.String(36), primary_key=True),
        sa.Column("recommendation", sa.String(64), nullable=False),
        sa.Column("pathway", sa.String(64), nullable=False),
        sa.Column("version", sa.String(32), nullable=False),
        sa.Column("indicator", sa.String(16), nullable=False),
        sa.Column("decision", sa.String(36), nullable=False),
        sa.Column("at", sa.Float, nullable=False, index=True),
    )
    op.create_table(
        "feedback",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("client", sa.String(64), nullable=False),
        sa.Column("card", sa.String(64), nullable=False),
        sa.Column("suggestion", sa.String(64), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("timestamp", sa.String(40), nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("received", sa.Float, nullable=False, index=True),
        sa.Column("odd", sa.Boolean, nullable=False),
        sa.UniqueConstraint("client", "card", "suggestion", "outcome", "timestamp", name="feedback_once"),
    )
    op.create_table(
        "jti",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("until", sa.Float, nullable=False, index=True),
    )
