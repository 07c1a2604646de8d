"""The sections of the Data page: the report, the map, labelling, the three parts, the history."""
