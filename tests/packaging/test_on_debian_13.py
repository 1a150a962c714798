"""The pages on Debian 13: a file for each release, so that they run side by side."""

from .pages_on_debian import *  # noqa: F403 - in the order in which they stand there, which is an administrator's

RELEASE = "13"
