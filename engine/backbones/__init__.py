"""The pretrained networks a run can start from."""
