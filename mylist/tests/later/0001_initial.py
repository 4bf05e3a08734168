from importlib import import_module

Migration = import_module("mylist.migrations.0001_initial").Migration
