"""The status page: read-only, no script, nothing fetched from elsewhere, German and English."""
