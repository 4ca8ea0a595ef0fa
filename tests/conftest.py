"""What holds for every test."""

from hypothesis import settings

# A test is right or wrong, never late: machines are slow at times.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
