"""How APIs lie in storage: as gateway/stored.py says. The only caller of the store."""

from airside.gateway.stored import StoredApis
from airside.services.apigatewayv2.api import Api, Snapshot

APIS = StoredApis("apigatewayv2", Api, Snapshot)
load = APIS.load
find = APIS.find
list_apis = APIS.list_apis
save = APIS.save
delete = APIS.delete
load_snapshot = APIS.load_snapshot
save_snapshot = APIS.save_snapshot
delete_snapshot = APIS.delete_snapshot
