from importlib import import_module

Migration = import_module("mylist.migrations.0004_kind_counts").Migration
