"""The migrations of a version to come, which alter the tables that have triggers."""
