"""Pages that are the same for every unknown visitor, made once per change and then served as ready bytes."""
