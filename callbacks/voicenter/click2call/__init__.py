"""The Click2Call actions: call, message, callference, terminate."""
