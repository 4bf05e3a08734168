from importlib import import_module

Migration = import_module("mylist.migrations.0003_newest_of_kind").Migration
