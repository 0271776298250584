"""The edge every app stands on: the moment of a request, and who may keep its answer."""
