"""What all tests share: how hard the property tests try."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# CI (`.ci/run`) tries each property on ten times as many examples, and on the same ones each time: a change that turns CI
# red did so by itself. A developer's run tries new ones.
settings.register_profile(
    "ci",
    max_examples=1000,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
