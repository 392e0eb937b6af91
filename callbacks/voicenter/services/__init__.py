"""The provider's services beside Click2Call: Call Log, active calls, extensions, blacklist."""
