"""Programs that are not ours: unpacked from Debian's packages, started so that they never outlive us."""
