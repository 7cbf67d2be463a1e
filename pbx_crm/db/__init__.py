"""Tables, engine, queries. Every read of client data takes the viewer's scope."""
