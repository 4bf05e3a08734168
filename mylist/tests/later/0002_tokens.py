from importlib import import_module

Migration = import_module("mylist.migrations.0002_tokens").Migration
