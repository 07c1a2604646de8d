"""The sections of the Data page: pictures by class, the report, the map, labelling, the three parts, the history."""
